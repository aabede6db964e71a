namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What a text classifier is fitted by.</summary>
public enum TextAlgorithm
{
    /// <summary>Logistic regression on n-grams: <see cref="LinearTextTrainer"/>.</summary>
    Linear,

    /// <summary>A vector per n-gram: <see cref="EmbeddingBagTrainer"/>.</summary>
    EmbeddingBag,
}
