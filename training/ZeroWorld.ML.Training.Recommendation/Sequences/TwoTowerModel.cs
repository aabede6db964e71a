using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Two trained towers in managed code. Users are their recent items: a stranger is scored exactly as a trained user.</summary>
internal sealed class TwoTowerModel(string algorithm, SequenceSettings settings, float[] inputs, float[] vectors, float[][] layers) : IQueryRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => vectors.Length / settings.Dimensions;

    public int QueryLength => settings.Dimensions;

    public ReadOnlySpan<float> ItemVectors => vectors;

    internal SequenceSettings Settings => settings;

    internal float[] Inputs => inputs;

    internal float[][] Layers => layers;

    public void Score(UserHistory history, Span<float> scores) => QueryScores.Of(this, history, scores);

    public void Query(UserHistory history, Span<float> query)
    {
        query.Clear();
        var (size, recency) = (settings.Dimensions, new RecencyWeights(settings.Decay, settings.HistoryMax));
        var recent = recency.Recent(history.Items);
        if (recent.IsEmpty)
        {
            return;
        }

        var total = 0f;
        for (var index = 0; index < recent.Length; index++)
        {
            var weight = recency.At(recent.Length - 1 - index);
            total += weight;
            TensorPrimitives.MultiplyAdd(inputs.AsSpan(recent[index] * size, size), weight, query, query);
        }

        TensorPrimitives.Divide(query, total, query);
        var inner = new float[settings.Hidden];
        for (var row = 0; row < inner.Length; row++)
        {
            inner[row] = MathF.Max(0, TensorPrimitives.Dot((ReadOnlySpan<float>)query, layers[0].AsSpan(row * size, size)) + layers[1][row]);
        }

        for (var row = 0; row < size; row++)
        {
            query[row] += TensorPrimitives.Dot(inner, layers[2].AsSpan(row * inner.Length, inner.Length)) + layers[3][row];
        }
    }

    /// <summary>[length, length], row-major: row t holds the weights of the items up to place t, whose sum is 1.</summary>
    internal static float[] MeanWeights(RecencyWeights recency, int length)
    {
        var weights = new float[length * length];
        for (var row = 0; row < length; row++)
        {
            var total = 0f;
            for (var column = 0; column <= row; column++)
            {
                total += weights[(row * length) + column] = recency.At(row - column);
            }

            TensorPrimitives.Divide(weights.AsSpan(row * length, row + 1), total, weights.AsSpan(row * length, row + 1));
        }

        return weights;
    }
}
