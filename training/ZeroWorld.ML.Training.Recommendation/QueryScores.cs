using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Scores all items by their product with the query.</summary>
internal static class QueryScores
{
    internal static void Of(IQueryRecommender model, UserHistory history, Span<float> scores)
    {
        var length = model.QueryLength;
        Span<float> query = new float[length];
        model.Query(history, query);
        Of(model, query, scores);
    }

    internal static void Of(IQueryRecommender model, ReadOnlySpan<float> query, Span<float> scores)
    {
        var length = model.QueryLength;
        for (var item = 0; item < scores.Length; item++)
        {
            scores[item] = TensorPrimitives.Dot(query, model.ItemVectors.Slice(item * length, length));
        }
    }
}
