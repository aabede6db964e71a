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
    private const int HeaderBytes = 9;
    private const int FrameBytesMax = 16_384;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte GoAway = 7;
    private const byte WindowUpdate = 8;
    private const byte Acknowledge = 1;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private const int ReceiveWindow = int.MaxValue;

    private readonly Socket _socket;
    private readonly byte[] _input = new byte[1 << 20];
    private readonly Dictionary<int, Call> _calls = [];
    private readonly byte[] _firstHeaders;
    private byte[] _output = new byte[1 << 20];
    private int _inputLength;
    private int _outputLength;
    private int _nextStream = 1;
    private long _sendWindow = 65_535;
    private long _received;

    public GrpcConnection(Uri address, string path)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(address.Host, address.Port);
        _firstHeaders = FirstHeaders(path, address.Authority);
        Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> window = stackalloc byte[6];
        BinaryPrimitives.WriteInt16BigEndian(window, 4);
        BinaryPrimitives.WriteInt32BigEndian(window[2..], ReceiveWindow);
        WriteFrame(Settings, 0, 0, window);
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
        WriteFrame(Headers, EndHeaders, stream, stream == 1 ? _firstHeaders : NextHeaders);
        _sendWindow -= frame.Length;
        for (var start = 0; start < frame.Length; start += FrameBytesMax)
        {
            var length = Math.Min(FrameBytesMax, frame.Length - start);
            WriteFrame(Data, start + length == frame.Length ? EndStream : (byte)0, stream, frame.AsSpan(start, length));
        }
    }

    public void Flush()
    {
        for (var sent = 0; sent < _outputLength;)
        {
            sent += _socket.Send(_output.AsSpan(sent, _outputLength - sent));
        }

        _outputLength = 0;
    }

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
        while (_inputLength - position >= HeaderBytes)
        {
            var header = _input.AsSpan(position, HeaderBytes);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            if (_inputLength - position < HeaderBytes + length)
            {
                break;
            }

            Take(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue, _input.AsSpan(position + HeaderBytes, length), onEnded);
            position += HeaderBytes + length;
        }

        _input.AsSpan(position, _inputLength - position).CopyTo(_input);
        _inputLength -= position;
    }

    public void Dispose() => _socket.Dispose();

    private void Take(byte type, byte flags, int stream, ReadOnlySpan<byte> payload, Action<long, bool> onEnded)
    {
        switch (type)
        {
            case Data:
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
            case Settings when (flags & Acknowledge) == 0:
                WriteFrame(Settings, Acknowledge, 0, []);
                break;
            case Ping when (flags & Acknowledge) == 0:
                WriteFrame(Ping, Acknowledge, 0, payload);
                break;
            case WindowUpdate when stream == 0:
                _sendWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            case Reset:
                _calls[stream].HasMessage = false;
                flags = EndStream;
                break;
            case GoAway:
                throw new IOException($"The server ended the connection: error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}.");
            default:
                break;
        }

        if (type is Data or Headers or Reset && (flags & EndStream) != 0 && _calls.Remove(stream, out var call))
        {
            onEnded(call.Due, call.HasMessage);
        }
    }

    private void WriteWindowUpdate(int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        WriteFrame(WindowUpdate, 0, 0, payload);
    }

    private void WriteFrame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        Write(header);
        Write(payload);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_outputLength + bytes.Length > _output.Length)
        {
            Array.Resize(ref _output, Math.Max(_output.Length * 2, _outputLength + bytes.Length));
        }

        bytes.CopyTo(_output.AsSpan(_outputLength));
        _outputLength += bytes.Length;
    }

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
