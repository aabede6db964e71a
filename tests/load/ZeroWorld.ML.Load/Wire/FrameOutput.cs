using System.Net.Sockets;

namespace ZeroWorld.ML.Load;

/// <summary>Frames that wait to be sent in one go. Grows to what is put in before it is sent. Not thread safe.</summary>
internal sealed class FrameOutput(Socket socket, int bytes)
{
    private byte[] _bytes = new byte[bytes];
    private int _length;

    public void Write(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[Http2Frame.HeaderBytes];
        frame.Write(header);
        Write(header);
        Write(payload);
    }

    /// <returns>Where the bytes lie now, until the next call.</returns>
    public Span<byte> Write(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        }

        var target = _bytes.AsSpan(_length, bytes.Length);
        bytes.CopyTo(target);
        _length += bytes.Length;
        return target;
    }

    public void Flush()
    {
        for (var sent = 0; sent < _length;)
        {
            sent += socket.Send(_bytes.AsSpan(sent, _length - sent));
        }

        _length = 0;
    }
}
