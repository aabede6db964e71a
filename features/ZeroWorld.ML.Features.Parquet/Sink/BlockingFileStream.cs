namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A new file whose asynchronous writes are made at once, on the thread that asks for them.</summary>
/// <remarks>The base class would hand each to the thread pool, and the rest of the caller's work with it.</remarks>
internal sealed class BlockingFileStream(string path) : FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes)
{
    private const int BufferBytes = 64 << 10;

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer, offset, count);
        return Task.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Flush();
        return Task.CompletedTask;
    }
}
