using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One answer on its way to the log: references to what the request made anyway; the writer's loop turns them into columns.</summary>
internal sealed record PredictionLogEntry(
    Servable Servable, PredictionPlan Plan, BoundRequest Request, ModelRows Rows, BatchOutputs Outputs, PredictionResult Result, DateTimeOffset Received, TimeSpan Duration) : PredictionLogItem
{
    public override ModelName Model => Servable.Model;

    public override DateTimeOffset ReceivedAt => Received;

    public override string PredictionId => Result.PredictionId;

    public override int RowCount => Result.Rows;

    public override int Weight => Result.Rows;

    public override void AddTo(PredictionLogColumns columns)
    {
        columns.Add(this);
        Result.ReleaseFromLog();
    }
}
