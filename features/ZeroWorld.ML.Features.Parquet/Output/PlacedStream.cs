using Microsoft.Win32.SafeHandles;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes to a place of a file, beside others that write to theirs; or only counts. Not thread safe.</summary>
/// <remarks>Small pieces are gathered; <see cref="Flush"/> writes what is left of them, and nothing else does. The file is the caller's.</remarks>
internal sealed class PlacedStream(SafeFileHandle file) : Stream
{
    private readonly byte[] _gathered = new byte[1 << 14];
    private int _count;
    private bool _isWritten;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    /// <summary>The place behind the last byte.</summary>
    public override long Position { get; set; }

    /// <param name="position">Where the next byte goes.</param>
    /// <param name="isWritten">Whether bytes are written; else they are counted.</param>
    public void Begin(long position, bool isWritten)
    {
        _count = 0;
        (Position, _isWritten) = (position, isWritten);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_isWritten && _count + buffer.Length > _gathered.Length)
        {
            Flush();
        }

        if (_isWritten && buffer.Length > _gathered.Length)
        {
            RandomAccess.Write(file, buffer, Position);
        }
        else if (_isWritten)
        {
            buffer.CopyTo(_gathered.AsSpan(_count));
            _count += buffer.Length;
        }

        Position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        if (_count > 0)
        {
            RandomAccess.Write(file, _gathered.AsSpan(0, _count), Position - _count);
            _count = 0;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
