using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What became of a logged prediction when it was run again.</summary>
public sealed record ReplayReport
{
    public required string PredictionId { get; init; }

    public required ModelName Model { get; init; }

    public required long Version { get; init; }

    /// <value>Whether every output of every scored row is bit-equal to the logged one, and every transform too.</value>
    public required bool IsEqual { get; init; }

    /// <value>Whether this runtime build made the prediction: bit-equality is promised only then.</value>
    public required bool IsSameBuild { get; init; }

    /// <value>Runtime build of the log and of this process.</value>
    public required string LoggedBuild { get; init; }

    public required string CurrentBuild { get; init; }

    public required int Rows { get; init; }

    /// <value>Outputs as they were logged: [rows, ...], zeros where a row had failed.</value>
    public required IReadOnlyList<PredictionOutput> LoggedOutputs { get; init; }

    public required IReadOnlyList<PredictionOutput> ReplayedOutputs { get; init; }

    public required IReadOnlyList<ServiceColumn> FeatureColumns { get; init; }

    /// <value>Cells as they were logged, row-major: [rows, feature columns].</value>
    public required ReadOnlyMemory<FeatureCell> FeatureCells { get; init; }

    /// <value>q per row: microseconds since the epoch.</value>
    public required ReadOnlyMemory<long> Times { get; init; }

    /// <value>Sentences that name each difference; empty when equal. At most 20.</value>
    public required IReadOnlyList<string> Differences { get; init; }
}
