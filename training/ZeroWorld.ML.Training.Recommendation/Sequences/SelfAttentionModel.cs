using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A trained SASRec in managed code. Users are their recent items: a stranger is scored exactly as a trained user.</summary>
internal sealed class SelfAttentionModel(
    string algorithm, SequenceSettings settings, float[] items, float[] positions, float[][][] blocks, float[] scale, float[] shift) : IQueryRecommender
{
    internal const double Epsilon = 1e-5;

    public string Algorithm => algorithm;

    public int ItemCount => items.Length / settings.Dimensions;

    public int QueryLength => settings.Dimensions;

    public ReadOnlySpan<float> ItemVectors => items;

    internal SequenceSettings Settings => settings;

    internal float[] Positions => positions;

    internal float[][][] Blocks => blocks;

    internal float[] Scale => scale;

    internal float[] Shift => shift;

    public void Score(UserHistory history, Span<float> scores) => QueryScores.Of(this, history, scores);

    public void Query(UserHistory history, Span<float> query)
    {
        var size = settings.Dimensions;
        var recent = history.Items.Length > settings.HistoryMax ? history.Items[^settings.HistoryMax..] : history.Items;
        query.Clear();
        if (recent.IsEmpty)
        {
            return;
        }

        var values = new float[recent.Length * size];
        for (var place = 0; place < recent.Length; place++)
        {
            var row = values.AsSpan(place * size, size);
            TensorPrimitives.MultiplyAdd(items.AsSpan(recent[place] * size, size), MathF.Sqrt(size), positions.AsSpan(place * size, size), row);
        }

        for (var block = 0; block < blocks.Length; block++)
        {
            // Of the last block, only the newest place is asked for.
            Attend(blocks[block], values, recent.Length, block == blocks.Length - 1 ? recent.Length - 1 : 0);
        }

        Normalise(values.AsSpan((recent.Length - 1) * size, size), scale, shift, query);
    }

    private void Attend(float[][] block, float[] values, int length, int from)
    {
        var (size, heads) = (settings.Dimensions, settings.Heads);
        var width = size / heads;
        var inputs = new float[length * size];
        var (keys, contents) = (new float[length * size], new float[length * size]);
        for (var place = 0; place < length; place++)
        {
            var input = inputs.AsSpan(place * size, size);
            Normalise(values.AsSpan(place * size, size), block[0], block[1], input);
            Linear(input, block[3], [], keys.AsSpan(place * size, size));
            Linear(input, block[4], [], contents.AsSpan(place * size, size));
        }

        var (query, mixed, output, inner) = (new float[size], new float[size], new float[size], new float[settings.Hidden]);
        var weights = new float[length];
        for (var place = from; place < length; place++)
        {
            Linear(inputs.AsSpan(place * size, size), block[2], [], query);
            Array.Clear(mixed);
            for (var head = 0; head < heads; head++)
            {
                var part = query.AsSpan(head * width, width);
                var seen = weights.AsSpan(0, place + 1);
                for (var other = 0; other <= place; other++)
                {
                    seen[other] = TensorPrimitives.Dot(part, keys.AsSpan((other * size) + (head * width), width)) / MathF.Sqrt(width);
                }

                TensorPrimitives.SoftMax(seen, seen);
                var target = mixed.AsSpan(head * width, width);
                for (var other = 0; other <= place; other++)
                {
                    TensorPrimitives.MultiplyAdd(contents.AsSpan((other * size) + (head * width), width), seen[other], target, target);
                }
            }

            var row = values.AsSpan(place * size, size);
            Linear(mixed, block[5], [], output);
            TensorPrimitives.Add(row, output, row);
            Normalise(row, block[6], block[7], output);
            Linear(output, block[8], block[9], inner);
            TensorPrimitives.Max(inner, 0, inner);
            Linear(inner, block[10], block[11], output);
            TensorPrimitives.Add(row, output, row);
        }
    }

    private static void Linear(ReadOnlySpan<float> input, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, Span<float> output)
    {
        for (var row = 0; row < output.Length; row++)
        {
            output[row] = TensorPrimitives.Dot(input, weights.Slice(row * input.Length, input.Length)) + (bias.IsEmpty ? 0 : bias[row]);
        }
    }

    private static void Normalise(ReadOnlySpan<float> input, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> output)
    {
        var mean = TensorPrimitives.Sum(input) / input.Length;
        TensorPrimitives.Subtract(input, mean, output);
        var deviation = MathF.Sqrt((TensorPrimitives.SumOfSquares((ReadOnlySpan<float>)output) / input.Length) + (float)Epsilon);
        TensorPrimitives.Divide(output, deviation, output);
        TensorPrimitives.MultiplyAdd(output, scale, shift, output);
    }
}
