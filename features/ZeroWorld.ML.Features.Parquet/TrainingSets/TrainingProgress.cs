namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Tells how far a training set is: source rows scanned and rows written.</summary>
/// <param name="sourceRows">Rows of the tables of last-value views, which are scanned twice for each range of the spine.</param>
/// <param name="ranges">Ranges of the spine.</param>
/// <param name="rows">Rows of the spine.</param>
/// <param name="written">Receives rows written.</param>
/// <param name="share">Receives the share of all.</param>
internal sealed class TrainingProgress(long sourceRows, long ranges, long rows, IProgress<long>? written, IProgress<double>? share)
{
    // A row that is written costs about as much as so many that are scanned.
    private const int WrittenWeight = 4;

    private readonly double _whole = Math.Max(1, (2.0 * sourceRows * ranges) + ((double)WrittenWeight * rows));
    private long _done;
    private long _written;

    /// <summary>From any thread.</summary>
    public void Scanned(long count) => Advance(count);

    /// <summary>Called for block after block.</summary>
    public void Wrote(int count)
    {
        _written += count;
        written?.Report(_written);
        Advance((long)WrittenWeight * count);
    }

    private void Advance(long count) => share?.Report(Math.Min(1, Interlocked.Add(ref _done, count) / _whole));
}
