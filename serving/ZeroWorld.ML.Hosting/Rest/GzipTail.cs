using System.Buffers.Binary;

namespace ZeroWorld.ML.Hosting;

/// <summary>Passes a gzip body on and remembers its end, where the length of the unpacked data stands (RFC 1952): the framework's reader does not notice a body that was cut off.</summary>
/// <remarks>Reads only. For bodies of one member, as every sender writes them.</remarks>
internal sealed class GzipTail(Stream body) : Stream
{
    // CRC-32 and length, 4 bytes each.
    private const int TrailerBytes = 8;
    private readonly byte[] _tail = new byte[TrailerBytes];
    private long _bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is left of the body, and says whether it ended as data of this length does.</summary>
    public async ValueTask<bool> IsWholeAsync(long unpackedBytes, CancellationToken cancellationToken)
    {
        var rest = new byte[256];
        while (await ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        return _bytes >= TrailerBytes && BinaryPrimitives.ReadUInt32LittleEndian(_tail.AsSpan(sizeof(uint))) == (uint)unpackedBytes;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Remember(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Remember(ReadOnlySpan<byte> data)
    {
        _bytes += data.Length;
        var kept = Math.Min(data.Length, TrailerBytes);
        _tail.AsSpan(kept).CopyTo(_tail);
        data[^kept..].CopyTo(_tail.AsSpan(TrailerBytes - kept));
    }
}
