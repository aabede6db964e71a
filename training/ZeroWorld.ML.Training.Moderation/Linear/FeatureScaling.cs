namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How much a linear model may lean on each feature before it is punished for it.</summary>
public enum FeatureScaling
{
    /// <summary>All features alike.</summary>
    None,

    /// <summary>Rare features more: 1 + ln((1 + rows) / (1 + rows with it)).</summary>
    Rarity,

    /// <summary>Telling features more: the absolute log ratio of naive Bayes per label (Wang and Manning 2012, NBSVM).</summary>
    LogRatio,
}
