using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The item-item matrix of EASE, row-major [items, items]. Users are their histories: a stranger is scored exactly as a trained user.</summary>
internal sealed class EaseModel(string algorithm, float[] weights, int items, RecencyWeights recency) : IRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => items;

    internal ReadOnlySpan<float> Weights => weights;

    internal RecencyWeights Recency => recency;

    public void Score(UserHistory history, Span<float> scores)
    {
        scores.Clear();
        var recent = recency.Recent(history.Items);
        for (var index = 0; index < recent.Length; index++)
        {
            TensorPrimitives.MultiplyAdd(weights.AsSpan(recent[index] * items, items), recency.At(recent.Length - 1 - index), scores, scores);
        }
    }
}
