namespace ZeroWorld.ML.Training;

/// <summary>Which columns of a frame mean what.</summary>
public sealed record TrainingColumns
{
    /// <value>Features in the order in which the model reads them.</value>
    public required IReadOnlyList<string> Features { get; init; }

    /// <value>The label: 0 or 1.</value>
    public required string Label { get; init; }

    /// <value>Event time, int64 microseconds since the epoch.</value>
    public required string Time { get; init; }

    /// <value>The card (or account, or user) that a row belongs to, int64.</value>
    public required string Card { get; init; }

    /// <value>Id of the row, int64: decides the order of rows of one moment.</value>
    public required string RowId { get; init; }
}
