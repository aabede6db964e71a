using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>What <c>zwml train fraud</c> was asked for; paths are full.</summary>
internal sealed record FraudTrainOptions
{
    public required string Table { get; init; }

    public string? Test { get; init; }

    public required FraudTableColumns Columns { get; init; }

    public required FraudTableSettings Settings { get; init; }

    /// <value>Name of the run; <see langword="null"/>: file and label.</value>
    public string? Name { get; init; }

    public required TrainingTarget Target { get; init; }
}
