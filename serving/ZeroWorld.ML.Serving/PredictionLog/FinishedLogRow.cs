using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>An answer of one row that was made a row of the log by whoever answered. A large one counts as several.</summary>
internal sealed record FinishedLogRow(LoggedPrediction Row, ModelName Model, DateTimeOffset ReceivedAt) : PredictionLogItem
{
    // About what a row of a hundred features takes.
    private const int RowBytes = 4096;

    public override ModelName Model { get; } = Model;

    public override DateTimeOffset ReceivedAt { get; } = ReceivedAt;

    public override string PredictionId => Row.PredictionId;

    public override int RowCount => 1;

    public override int Weight => 1 + (((Row.Output?.Length ?? 0) + (Row.Request?.Length ?? 0) + Row.FeatureTexts.Sum(static text => text?.Length ?? 0)) / RowBytes);

    public override void AddTo(PredictionLogColumns columns) => columns.Add(Row);
}
