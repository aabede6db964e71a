namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Redacts rows in files that an <see cref="IRowSink"/> wrote: their values go, the rows stay and say so.</summary>
/// <remarks>A file with such rows is written anew and takes its name: readers see either of the two. Thread safe, for one eraser at a time.</remarks>
public interface IRowEraser
{
    /// <param name="folder">Relative to the root of the sink; every file below it is looked at. One that is not there holds nothing.</param>
    /// <param name="column">The text column that tells whose row it is; rows without a text are no one's.</param>
    /// <param name="isErased">Whether a row with that text is to be redacted.</param>
    /// <param name="cleared">Columns whose values become null; <paramref name="column"/> is one of them.</param>
    /// <param name="mark">A text column and what it says of a redacted row from then on.</param>
    /// <returns>Rows redacted and files written anew.</returns>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidInput"/>: a file is not what the sink writes; <see cref="FeatureError.StoreUnavailable"/>: the files cannot be reached. What was done before stays done.
    /// </exception>
    Task<(long Rows, long Files)> EraseAsync(
        string folder, string column, Func<string, bool> isErased, IReadOnlyList<string> cleared, (string Column, string Text) mark, CancellationToken cancellationToken);
}
