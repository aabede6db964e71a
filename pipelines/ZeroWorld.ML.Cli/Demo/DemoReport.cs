using ZeroWorld.ML.Features;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>What the demo made and measured.</summary>
internal sealed record DemoReport
{
    public required TableSummary Table { get; init; }

    public required TrainingSet TrainingSet { get; init; }

    public required FraudTrainingResult Training { get; init; }

    public required long ModelVersion { get; init; }

    public required Materialization Materialization { get; init; }

    public required DemoPredictions Predictions { get; init; }

    public required ReplayPredictionResponse Replay { get; init; }
}

/// <summary>The predicted sample.</summary>
/// <param name="Shown">A few of them, frauds first.</param>
/// <param name="Latency">As the client saw it, one request at a time.</param>
/// <param name="Late">Answers whose features missed the feature timeout, asked for again.</param>
/// <param name="Differences">Features that the online path and the training set disagree on; one sentence each.</param>
/// <param name="Statuses">How often each status was answered.</param>
internal sealed record DemoPredictions(
    IReadOnlyList<ShownPrediction> Shown,
    int Count,
    LatencySummary Latency,
    int Late,
    IReadOnlyList<string> Differences,
    IReadOnlyDictionary<V1.FeatureStatus, long> Statuses);

internal sealed record ShownPrediction(
    long TransactionId, long CustomerId, long TerminalId, double Amount, long Time, bool IsFraud, PredictResponse Answer);
