using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What a fraud model is trained on, and where its package goes.</summary>
public sealed record FraudTrainingRequest
{
    /// <value>The training set's rows: features, label, card, row id and event time, in any order.</value>
    public required ColumnFrame Frame { get; init; }

    public TrainingColumns Columns { get; init; } = FraudColumns.Default;

    public FraudTrainingSettings Settings { get; init; } = new();

    public ModelName Model { get; init; } = new(ModelName.DefaultProject, "fraud");

    /// <value>The service whose columns the features are, in its order.</value>
    public required FeatureServiceReference FeatureService { get; init; }

    /// <value>Fingerprint of the training set, for lineage.</value>
    public required string TrainingSetFingerprint { get; init; }

    /// <value>Folder of the package: a new or an empty one.</value>
    public required string OutputDirectory { get; init; }

    /// <value>Runs the exported model for the parity check; <see langword="null"/> leaves the check to registration's golden samples.</value>
    public IModelScorer? Scorer { get; init; }
}
