using System.Buffers.Binary;
using System.Net.Sockets;

namespace ZeroWorld.ML.Load;

/// <summary>One HTTP/2 connection whose calls are all answered alike, without a look at their headers. Driven by one thread.</summary>
internal sealed class FloorConnection(Socket socket) : IDisposable
{
    private const int PrefaceBytes = 24;
    private const int ReceiveWindow = 1 << 30;

    // An answer of as many bytes as one of ModelInfer with one number.
    private const int MessageBytes = 40;
    private readonly byte[] _input = new byte[1 << 20];
    private readonly byte[] _answer = CreateAnswer();
    private readonly FrameOutput _output = new(socket, 1 << 16);
    private int _inputLength;
    private int _received;

    /// <summary>Answers until the other side closes.</summary>
    public void Serve()
    {
        _output.Write(new Http2Frame(0, Http2Frame.Settings, 0, 0), []);
        WriteWindowUpdate(ReceiveWindow);
        _output.Flush();
        var skipped = 0;
        while (socket.Receive(_input.AsSpan(_inputLength)) is var count && count > 0)
        {
            _inputLength += count;
            var position = 0;
            if (skipped < PrefaceBytes)
            {
                position = Math.Min(PrefaceBytes - skipped, _inputLength);
                skipped += position;
            }

            while (_inputLength - position >= Http2Frame.HeaderBytes && Http2Frame.Read(_input.AsSpan(position)) is var frame && _inputLength - position >= Http2Frame.HeaderBytes + frame.Length)
            {
                Take(frame);
                position += Http2Frame.HeaderBytes + frame.Length;
            }

            _input.AsSpan(position, _inputLength - position).CopyTo(_input);
            _inputLength -= position;
            _output.Flush();
        }
    }

    public void Dispose() => socket.Dispose();

    private void Take(Http2Frame frame)
    {
        if (frame is { Type: Http2Frame.Settings, IsAcknowledgement: false })
        {
            _output.Write(new Http2Frame(0, Http2Frame.Settings, Http2Frame.Acknowledge, 0), []);
        }

        if (frame.Type == Http2Frame.Data && (_received += frame.Length) > ReceiveWindow / 2)
        {
            WriteWindowUpdate(_received);
            _received = 0;
        }

        if (frame.EndsStream)
        {
            SetStreams(_output.Write(_answer), frame.Stream);
        }
    }

    /// <summary>Headers, one message, trailers; RFC 7541 without a table: names and values as they are, but ':status: 200' and the name 'content-type'.</summary>
    private static byte[] CreateAnswer()
    {
        byte[] headers = [0x88, 0x0f, 0x10, 16, .. "application/grpc"u8];
        byte[] trailers = [0x00, 11, .. "grpc-status"u8, 1, (byte)'0'];
        var message = GrpcTarget.ToFrame(new byte[MessageBytes]);
        var answer = new List<byte>();
        Add(Http2Frame.Headers, Http2Frame.EndHeaders, headers);
        Add(Http2Frame.Data, 0, message);
        Add(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, trailers);
        return [.. answer];

        void Add(byte type, byte flags, byte[] payload)
        {
            var header = new byte[Http2Frame.HeaderBytes];
            new Http2Frame(payload.Length, type, flags, 0).Write(header);
            answer.AddRange(header);
            answer.AddRange(payload);
        }
    }

    private static void SetStreams(Span<byte> frames, int stream)
    {
        while (frames.Length > 0)
        {
            var frame = Http2Frame.Read(frames);
            (frame with { Stream = stream }).Write(frames);
            frames = frames[(Http2Frame.HeaderBytes + frame.Length)..];
        }
    }

    private void WriteWindowUpdate(int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        _output.Write(new Http2Frame(payload.Length, Http2Frame.WindowUpdate, 0, 0), payload);
    }
}
