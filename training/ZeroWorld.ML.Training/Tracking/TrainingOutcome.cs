using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training;

/// <summary>What a training of any family made and found, as it is recorded, judged and registered.</summary>
public sealed record TrainingOutcome
{
    public required ModelPackage Package { get; init; }

    /// <value>Against the champion on the same rows; <see cref="EvaluationGate.WithoutChampion"/> for the first model.</value>
    public required GateVerdict Gate { get; init; }

    /// <value>The chosen algorithm.</value>
    public required string Algorithm { get; init; }

    /// <value>The chosen hyper-parameters.</value>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <value>Values of the test, and of every step where there are some.</value>
    public IReadOnlyList<RunMetric> Metrics { get; init; } = [];

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <value>One sentence each.</value>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <value>Small files by name, such as the points of curves; the manifest of the package is added.</value>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Artifacts { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();
}
