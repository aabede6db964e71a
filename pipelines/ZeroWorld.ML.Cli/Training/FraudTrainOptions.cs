using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>What <c>zwml train fraud</c> was asked for; paths are full.</summary>
internal sealed record FraudTrainOptions
{
    public required string Data { get; init; }

    public string? Test { get; init; }

    public required FraudTableColumns Columns { get; init; }

    public required FraudTableSettings Settings { get; init; }

    public required ModelName Model { get; init; }

    public string? Name { get; init; }

    public string? Resume { get; init; }

    public string? Output { get; init; }

    public required string Directory { get; init; }
}
