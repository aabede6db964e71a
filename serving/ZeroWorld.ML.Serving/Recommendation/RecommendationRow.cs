using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>What the prediction log keeps of a recommendation (docs/formats/prediction-log.md).</summary>
public sealed record RecommendationRow
{
    /// <value>JSON object: key of the user to its id as it was asked; empty where nobody is named.</value>
    public required string Entities { get; init; }

    /// <value>JSON object: the question.</value>
    public required string Request { get; init; }

    /// <value>Fingerprint of the feature service that recent items were read of, or empty.</value>
    public string ServiceFingerprint { get; init; } = "";

    /// <value>The column of recent items with what was read of it; none where nothing was.</value>
    public IReadOnlyList<(string Column, FeatureCell Cell)> Features { get; init; } = [];

    /// <value>Names of <see cref="Outputs"/>.</value>
    public required IReadOnlyList<PredictionOutput> Outputs { get; init; }
}
