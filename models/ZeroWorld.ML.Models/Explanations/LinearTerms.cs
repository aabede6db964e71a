namespace ZeroWorld.ML.Models;

/// <summary>The linear part of a score before its link: the sum of <c>weight x (feature - mean)</c>, which are its Shapley values too (Lundberg and Lee 2017, corollary 1), and the mean score.</summary>
/// <param name="Weights">One per feature.</param>
/// <param name="Means">Of the training rows, one per feature.</param>
/// <param name="Offset">The score of a row whose features are all at their mean.</param>
public sealed record LinearTerms(IReadOnlyList<float> Weights, IReadOnlyList<float> Means, double Offset)
{
    /// <summary>Adds each feature's contribution.</summary>
    /// <param name="features">As the model reads them; a linear model has no missing values.</param>
    /// <param name="contributions">One per feature.</param>
    public void AddTo(ReadOnlySpan<float> features, Span<double> contributions)
    {
        for (var feature = 0; feature < features.Length; feature++)
        {
            contributions[feature] += (double)Weights[feature] * (features[feature] - Means[feature]);
        }
    }
}
