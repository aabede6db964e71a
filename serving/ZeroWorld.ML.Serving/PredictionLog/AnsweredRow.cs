using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>What the prediction log keeps of an answer of one row that a package gave without a run of its model: a recommendation, a decision about content (docs/formats/prediction-log.md).</summary>
public sealed record AnsweredRow
{
    /// <value>JSON object: key of whom the answer is about to its id as it was asked; empty where nobody is named.</value>
    public required string Entities { get; init; }

    /// <value>JSON object: the question.</value>
    public required string Request { get; init; }

    /// <value>Fingerprint of the feature service that features were read of, or empty.</value>
    public string ServiceFingerprint { get; init; } = "";

    /// <value>Columns with what was read of them; none where nothing was.</value>
    public IReadOnlyList<(string Column, FeatureCell Cell)> Features { get; init; } = [];

    /// <value>What was answered: one row of each.</value>
    public required IReadOnlyList<PredictionOutput> Outputs { get; init; }

    /// <value>What was decided; <see langword="null"/> where the answer is no decision.</value>
    public string? Decision { get; init; }

    /// <value>What computed the answer.</value>
    public string Build { get; init; } = ManagedBuild;

    /// <value>Rows of the run of the model that gave the answer; 0: there was none whose size matters.</value>
    public int BatchRows { get; init; }

    /// <value>Place of the answer's row in that run.</value>
    public int BatchRow { get; init; }

    /// <summary>This process's own code: <c>managed 10.0.2; zeroworld 0.1.0; linux-x64-avx2</c>.</summary>
    public static string ManagedBuild { get; } = RuntimeBuilds.DescribeManaged();
}
