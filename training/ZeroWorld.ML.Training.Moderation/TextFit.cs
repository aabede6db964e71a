namespace ZeroWorld.ML.Training.Moderation;

/// <summary>One way to fit a text model: an algorithm with its settings.</summary>
/// <param name="Parameters">The settings as texts, for lineage.</param>
/// <param name="Fit">Out of some of the rows; with a seed.</param>
internal sealed record TextFit(IReadOnlyDictionary<string, string> Parameters, Func<LearnedRows, int[], int, CancellationToken, LinearWeights> Fit)
{
    /// <summary>The settings that validation chooses from.</summary>
    public static IReadOnlyList<TextFit> GridOf(TextAlgorithm algorithm) => algorithm switch
    {
        TextAlgorithm.Linear =>
        [
            Of(new LinearTextSettings { Cost = 0.25, Balance = 0.5, Scaling = FeatureScaling.LogRatio }),
            Of(new LinearTextSettings { Cost = 2, Balance = 0.5, Scaling = FeatureScaling.LogRatio }),
            Of(new LinearTextSettings { Cost = 2, Balance = 0.5, Scaling = FeatureScaling.Rarity }),
            Of(new LinearTextSettings { Cost = 16, Balance = 0.5, Scaling = FeatureScaling.Rarity }),
        ],
        TextAlgorithm.EmbeddingBag =>
        [
            Of(new EmbeddingBagSettings { Epochs = 3 }),
            Of(new EmbeddingBagSettings { Epochs = 6 }),
            Of(new EmbeddingBagSettings { Epochs = 6, Dropout = 0.6 }),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, null),
    };

    private static TextFit Of(LinearTextSettings settings) => new(
        settings.ToParameters(),
        (learned, rows, seed, cancellationToken) => LinearTextTrainer.Fit(learned.Features, learned.Labels, rows, learned.Shares(rows), settings, seed, cancellationToken));

    private static TextFit Of(EmbeddingBagSettings settings) => new(
        settings.ToParameters(), (learned, rows, seed, cancellationToken) => EmbeddingBagTrainer.Fit(learned.Features, learned.Labels, rows, learned.Shares(rows), settings, seed, cancellationToken));
}
