using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace ZeroWorld.ML.Load;

/// <summary>One HTTP/2 connection that sends unary calls and notes when their answers end. Driven by one thread; decodes nothing.</summary>
/// <remarks>
/// A load generator shares the processors with the server, so it must cost little: messages are sent as they lie in memory, of the answers only the frames' headers are looked at.
/// A call that ends without a message has failed. RFC 9113 (HTTP/2), RFC 7541 (header compression: the request's headers are entered into the table once, then named by index).
/// </remarks>
internal sealed class GrpcConnection : IDisposable
{
    private const int FrameBytesMax = 16_384;
    private const int ReceiveWindow = int.MaxValue;

    private readonly Socket _socket;
    private readonly byte[] _input = new byte[1 << 20];
    private readonly Dictionary<int, Call> _calls = [];
    private readonly byte[] _firstHeaders;
    private readonly FrameOutput _output;
    private int _inputLength;
    private int _nextStream = 1;
    private long _sendWindow = 65_535;
    private long _received;

    public GrpcConnection(Uri address, string path)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(address.Host, address.Port);
        _output = new FrameOutput(_socket, 1 << 20);
        _firstHeaders = FirstHeaders(path, address.Authority);
        _output.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> window = stackalloc byte[6];
        BinaryPrimitives.WriteInt16BigEndian(window, 4);
        BinaryPrimitives.WriteInt32BigEndian(window[2..], ReceiveWindow);
        WriteFrame(Http2Frame.Settings, 0, 0, window);
        WriteWindowUpdate(ReceiveWindow - 65_535);
        Flush();
    }

    /// <summary>Calls that have not ended.</summary>
    public int InFlight => _calls.Count;

    /// <summary>Whether the server's window has room for a message; a call beyond it must wait.</summary>
    public bool HasRoom(int bytes) => _sendWindow >= bytes;

    public Socket Socket => _socket;

    /// <summary>Puts a call into the output; <see cref="Flush"/> sends it.</summary>
    /// <param name="frame">See <see cref="GrpcTarget.ToFrame"/>.</param>
    /// <param name="due">A timestamp that is handed back when the call ends.</param>
    public void Send(byte[] frame, long due)
    {
        var stream = _nextStream;
        _nextStream += 2;
        _calls.Add(stream, new Call(due));
        WriteFrame(Http2Frame.Headers, Http2Frame.EndHeaders, stream, stream == 1 ? _firstHeaders : NextHeaders);
        _sendWindow -= frame.Length;
        for (var start = 0; start < frame.Length; start += FrameBytesMax)
        {
            var length = Math.Min(FrameBytesMax, frame.Length - start);
            WriteFrame(Http2Frame.Data, start + length == frame.Length ? Http2Frame.EndStream : (byte)0, stream, frame.AsSpan(start, length));
        }
    }

    public void Flush() => _output.Flush();

    /// <summary>Takes what has come; waits for it when nothing has.</summary>
    /// <param name="onEnded">Called per ended call: its timestamp, and whether it brought a message.</param>
    public void Receive(Action<long, bool> onEnded)
    {
        var count = _socket.Receive(_input.AsSpan(_inputLength));
        if (count == 0)
        {
            throw new IOException("The server closed the connection.");
        }

        _inputLength += count;
        var position = 0;
        while (_inputLength - position >= Http2Frame.HeaderBytes)
        {
            var frame = Http2Frame.Read(_input.AsSpan(position));
            var length = Http2Frame.HeaderBytes + frame.Length;
            if (_inputLength - position < length)
            {
                break;
            }

            Take(frame, _input.AsSpan(position + Http2Frame.HeaderBytes, frame.Length), onEnded);
            position += length;
        }

        _input.AsSpan(position, _inputLength - position).CopyTo(_input);
        _inputLength -= position;
    }

    public void Dispose() => _socket.Dispose();

    private void Take(Http2Frame frame, ReadOnlySpan<byte> payload, Action<long, bool> onEnded)
    {
        var (_, type, _, stream) = frame;
        switch (type)
        {
            case Http2Frame.Data:
                _received += payload.Length;
                if (_received > ReceiveWindow / 2)
                {
                    WriteWindowUpdate((int)_received);
                    _received = 0;
                }

                if (payload.Length > 0)
                {
                    _calls[stream].HasMessage = true;
                }

                break;
            case Http2Frame.Settings when !frame.IsAcknowledgement:
                WriteFrame(Http2Frame.Settings, Http2Frame.Acknowledge, 0, []);
                break;
            case Http2Frame.Ping when !frame.IsAcknowledgement:
                WriteFrame(Http2Frame.Ping, Http2Frame.Acknowledge, 0, payload);
                break;
            case Http2Frame.WindowUpdate when stream == 0:
                _sendWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            case Http2Frame.Reset:
                _calls[stream].HasMessage = false;
                break;
            case Http2Frame.GoAway:
                throw new IOException($"The server ended the connection: error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}.");
            default:
                break;
        }

        if ((frame.EndsStream || type == Http2Frame.Reset) && _calls.Remove(stream, out var call))
        {
            onEnded(call.Due, call.HasMessage);
        }
    }

    private void WriteWindowUpdate(int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        WriteFrame(Http2Frame.WindowUpdate, 0, 0, payload);
    }

    private void WriteFrame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload) =>
        _output.Write(new Http2Frame(payload.Length, type, flags, stream), payload);

    // :method POST and :scheme http by the static table; the other four as the dynamic table holds them after the first call, the newest first.
    private static ReadOnlySpan<byte> NextHeaders => [0x83, 0x86, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62];

    private static byte[] FirstHeaders(string path, string authority)
    {
        var block = new List<byte> { 0x83, 0x86 };
        Add(0x44, null, path);
        Add(0x41, null, authority);
        Add(0x5f, null, "application/grpc");
        Add(0x40, "te", "trailers");
        return [.. block];

        void Add(byte prefix, string? name, string value)
        {
            block.Add(prefix);
            foreach (var text in (ReadOnlySpan<string?>)[name, value])
            {
                if (text is not null)
                {
                    // One byte of length: 126 characters at most.
                    block.Add(checked((byte)(text.Length < 127 ? text.Length : throw new ArgumentException($"'{text}' is too long for a header here.", nameof(path)))));
                    block.AddRange(Encoding.ASCII.GetBytes(text));
                }
            }
        }
    }

    private sealed class Call(long due)
    {
        public long Due { get; } = due;

        public bool HasMessage { get; set; }
    }
}
