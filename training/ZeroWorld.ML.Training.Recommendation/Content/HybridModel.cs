using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Several recommenders as one.</summary>
internal sealed class HybridModel(string algorithm, (IRecommender Model, float Weight)[] parts) : IRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => parts[0].Model.ItemCount;

    internal IReadOnlyList<(IRecommender Model, float Weight)> Parts => parts;

    public void Score(UserHistory history, Span<float> scores)
    {
        scores.Clear();
        var own = new float[scores.Length];
        foreach (var (model, weight) in parts)
        {
            model.Score(history, own);
            var mean = TensorPrimitives.Sum(own) / own.Length;
            TensorPrimitives.Subtract(own, mean, own);
            var deviation = MathF.Sqrt(TensorPrimitives.SumOfSquares((ReadOnlySpan<float>)own) / own.Length);
            if (deviation > 0)
            {
                TensorPrimitives.MultiplyAdd(own, weight / deviation, scores, scores);
            }
        }
    }
}
