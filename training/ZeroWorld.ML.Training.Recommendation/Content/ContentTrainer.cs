using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Content-based: an item is recommended for having the attributes of the recent items.</summary>
/// <remarks>
/// An item's vector has log(items / items with the attribute) per attribute, at length 1; a user's is the sum of its items', weighted by recency; a score is their product. Items that
/// nobody used yet are scored as any other.
/// </remarks>
/// <param name="attributes">Of the items of the set that is fitted.</param>
/// <param name="recency">How items of a history fade. Default: all count alike.</param>
public sealed class ContentTrainer(ItemAttributes attributes, RecencyWeights? recency = null) : IRecommenderTrainer
{
    private readonly RecencyWeights _recency = recency ?? RecencyWeights.None;

    public string Algorithm => "content";

    public IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["attributes"] = attributes.Tokens.Count.ToString(CultureInfo.InvariantCulture),
        ["decay"] = (recency?.Decay ?? 1).ToString(CultureInfo.InvariantCulture),
    };

    public bool IsRandom => false;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        _recency.Check();
        if (attributes.Tokens.Count == 0)
        {
            throw new TrainingException(TrainingError.UnsuitableData, "No item of the training set has an attribute; expected at least one.");
        }

        return new ContentModel(Algorithm, attributes, train.ItemCount, _recency);
    }
}
