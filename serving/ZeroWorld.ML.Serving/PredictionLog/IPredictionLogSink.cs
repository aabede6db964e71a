using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Where the prediction log writes its files (docs/formats/prediction-log.md).</summary>
/// <remarks>Called by one writer loop, one call at a time.</remarks>
public interface IPredictionLogSink
{
    /// <summary>Writes one complete file; it appears whole or not at all.</summary>
    /// <param name="path">Relative to the root of the log, with '/': <c>project=P/model=M/date=YYYY-MM-DD/PART.parquet</c>.</param>
    /// <param name="columns">Columns of equal length, in the order of the format page.</param>
    Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken);
}
