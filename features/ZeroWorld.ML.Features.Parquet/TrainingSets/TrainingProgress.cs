namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Tells how many rows of a training set are written.</summary>
internal sealed class TrainingProgress(long rows, IProgress<long>? progress)
{
    private long _scanned;
    private long _written;

    /// <summary>Rows of the spine.</summary>
    public long Rows => rows;

    /// <summary>Source rows scanned so far, over all passes.</summary>
    public long ScannedRows => Volatile.Read(ref _scanned);

    public void Scanned(long count) => Interlocked.Add(ref _scanned, count);

    /// <summary>Called for block after block.</summary>
    public void Wrote(int count)
    {
        _written += count;
        progress?.Report(_written);
    }
}
