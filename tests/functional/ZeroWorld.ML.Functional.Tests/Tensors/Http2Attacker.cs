using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A connection that sends frames of HTTP/2 as it likes and reads nothing (RFC 9113). Not thread safe.</summary>
internal sealed class Http2Attacker : IDisposable
{
    public const byte Settings = 4;
    public const byte Continuation = 9;

    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private const int HeaderBytes = 9;
    private readonly TcpClient _client = new() { NoDelay = true };
    private int _stream = -1;

    public static Task<Http2Attacker> ConnectAsync(Uri address, CancellationToken cancellationToken) => ConnectAsync(address, [], cancellationToken);

    /// <param name="settings">The settings that it begins with, as they lie in a frame.</param>
    public static async Task<Http2Attacker> ConnectAsync(Uri address, byte[] settings, CancellationToken cancellationToken)
    {
        var connection = new Http2Attacker();
        await connection._client.ConnectAsync(address.Host, address.Port, cancellationToken);
        await connection._client.GetStream().WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), cancellationToken);
        await connection.TryWriteAsync(Settings, 0, 0, settings, cancellationToken);
        return connection;
    }

    /// <summary>Begins a call of a method.</summary>
    /// <returns><see langword="false"/>: the server has closed the connection.</returns>
    public Task<bool> TryOpenAsync(string path, CancellationToken cancellationToken) => TryOpenAsync(BlockOf(path), EndHeaders, cancellationToken);

    /// <summary>Begins a call whose headers are never finished.</summary>
    public Task<bool> TryHalfOpenAsync(string path, CancellationToken cancellationToken) => TryOpenAsync(BlockOf(path), 0, cancellationToken);

    /// <param name="block">Headers as they lie in a frame.</param>
    public Task<bool> TryOpenAsync(byte[] block, CancellationToken cancellationToken) => TryOpenAsync(block, EndHeaders, cancellationToken);

    public Task<bool> TrySendAsync(byte[] data, CancellationToken cancellationToken) => TryWriteAsync(Data, 0, _stream, data, cancellationToken);

    /// <summary>Sends the last of a call.</summary>
    public Task<bool> TryFinishAsync(byte[] data, CancellationToken cancellationToken) => TryWriteAsync(Data, EndStream, _stream, data, cancellationToken);

    /// <summary>Sends a frame without flags of the last call.</summary>
    public Task<bool> TrySendFrameAsync(byte type, byte[] payload, CancellationToken cancellationToken) => TryWriteAsync(type, 0, type == Settings ? 0 : _stream, payload, cancellationToken);

    /// <summary>Takes the last call back.</summary>
    public Task<bool> TryResetAsync(CancellationToken cancellationToken) => TryWriteAsync(Reset, 0, _stream, [0, 0, 0, 8], cancellationToken);

    public void Dispose() => _client.Dispose();

    private static byte[] BlockOf(string path)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in new[] { (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"), ("content-type", "application/grpc"), ("te", "trailers") })
        {
            // A literal that is not indexed, without Huffman coding (RFC 7541, 6.2.2).
            block.WriteByte(0);
            block.WriteByte((byte)name.Length);
            block.Write(Encoding.ASCII.GetBytes(name));
            block.WriteByte((byte)value.Length);
            block.Write(Encoding.ASCII.GetBytes(value));
        }

        return block.ToArray();
    }

    private Task<bool> TryOpenAsync(byte[] block, byte flags, CancellationToken cancellationToken)
    {
        _stream += 2;
        return TryWriteAsync(Headers, flags, _stream, block, cancellationToken);
    }

    private async Task<bool> TryWriteAsync(byte type, byte flags, int stream, byte[] payload, CancellationToken cancellationToken)
    {
        var frame = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, HeaderBytes);
        try
        {
            await _client.GetStream().WriteAsync(frame, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
