namespace ZeroWorld.ML.Serving;

/// <summary>One answer on its way to the log: references to what the request made anyway; the writer's loop turns them into columns.</summary>
internal sealed record PredictionLogEntry(
    Servable Servable, PredictionPlan Plan, BoundRequest Request, ModelRows Rows, BatchOutputs Outputs, PredictionResult Result, DateTimeOffset Received, TimeSpan Duration);
