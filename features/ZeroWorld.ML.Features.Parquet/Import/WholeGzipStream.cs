using System.IO.Compression;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Decompresses a gzip file and throws where it is cut off, which <see cref="GZipStream"/> alone takes for its end.</summary>
/// <remarks>
/// A small gzip member of our own is fed behind the file's last one. It comes out whole exactly when the file's members were: inside a member that
/// was cut off, its bytes are taken for more of that member.
/// </remarks>
internal sealed class WholeGzipStream : Stream
{
    private static readonly byte[] Mark = "\0end-of-gzip-file\0"u8.ToArray();
    private static readonly byte[] MarkMember = Compress(Mark);

    private readonly GZipStream _gzip;
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    public WholeGzipStream(Stream file) => _gzip = new GZipStream(new FollowedStream(file), CompressionMode.Decompress);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The file is no gzip file, damaged or cut off.</exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        // The last bytes are held back until it is known whether they are the mark.
        while (_end - _start <= Mark.Length)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
            var read = _gzip.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                return _buffer.AsSpan(0, _end).SequenceEqual(Mark) ? 0 : throw new InvalidDataException("The gzip file is cut off.");
            }

            _end += read;
        }

        var length = Math.Min(count, _end - _start - Mark.Length);
        Buffer.BlockCopy(_buffer, _start, buffer, offset, length);
        _start += length;
        return length;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _gzip.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return member.ToArray();
    }

    /// <summary>The file, then the mark's member.</summary>
    private sealed class FollowedStream(Stream file) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = file.Read(buffer, offset, count);
            if (read == 0)
            {
                read = Math.Min(count, MarkMember.Length - _position);
                Buffer.BlockCopy(MarkMember, _position, buffer, offset, read);
                _position += read;
            }

            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }
}
