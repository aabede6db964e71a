namespace ZeroWorld.ML.Features.Parquet;

/// <param name="Frame">int64 and timestamp columns as <c>long[]</c> (null as <see cref="long.MinValue"/>), float64 as <c>double[]</c> (null as NaN), strings as <c>string?[]</c>.</param>
/// <param name="Columns">Names and types, in the order of the file.</param>
public sealed record TableFileContent(ColumnFrame Frame, IReadOnlyList<OfflineColumn> Columns)
{
    /// <value>The fingerprint of the training set that the file is, as the file says it; <see langword="null"/>: it is none.</value>
    public string? TrainingSet { get; init; }
}
