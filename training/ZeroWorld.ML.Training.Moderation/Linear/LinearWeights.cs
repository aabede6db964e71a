using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>One weight per id and label, the labels of an id side by side. Immutable once fitted; thread safe to read.</summary>
public sealed class LinearWeights
{
    private readonly float[] _weights;

    internal LinearWeights(int size, int labels)
    {
        (Size, Labels, Stride) = (size, labels, StrideOf(labels));
        _weights = new float[(long)size * Stride];
        Bias = new float[Stride];
    }

    /// <summary>Number of ids.</summary>
    public int Size { get; }

    public int Labels { get; }

    internal int Stride { get; }

    internal float[] Bias { get; }

    internal float[] Array => _weights;

    public float BiasOf(int label) => Bias[label];

    public float this[int id, int label] => _weights[((long)id * Stride) + label];

    /// <summary>Adds up a row: <c>margins[label] = bias + sum of weight x value</c>.</summary>
    /// <param name="margins">One per label, or more.</param>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> margins)
    {
        if (Stride == 1)
        {
            margins[0] = ScoreOne(ids, values);
        }
        else if (Stride == 4)
        {
            Span<float> four = stackalloc float[4];
            ScoreFour(ids, values, four);
            four[..Labels].CopyTo(margins);
        }
        else
        {
            ScoreMany(ids, values, margins);
        }
    }

    internal static int StrideOf(int labels) => labels == 1 ? 1 : (labels + 3) / 4 * 4;

    private float ScoreOne(ReadOnlySpan<int> ids, ReadOnlySpan<float> values)
    {
        var (even, odd, place) = (Bias[0], 0f, 0);
        for (; place + 1 < ids.Length; place += 2)
        {
            even += _weights[ids[place]] * values[place];
            odd += _weights[ids[place + 1]] * values[place + 1];
        }

        return place < ids.Length ? even + odd + (_weights[ids[place]] * values[place]) : even + odd;
    }

    private void ScoreFour(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> margins)
    {
        var rows = MemoryMarshal.Cast<float, Vector128<float>>(_weights.AsSpan());
        var sum = Vector128.Create<float>(Bias);
        for (var place = 0; place < ids.Length; place++)
        {
            sum += rows[ids[place]] * values[place];
        }

        sum.CopyTo(margins);
    }

    private void ScoreMany(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> margins)
    {
        var sums = new float[Stride];
        Bias.CopyTo(sums, 0);
        var accumulators = MemoryMarshal.Cast<float, Vector128<float>>(sums.AsSpan());
        for (var place = 0; place < ids.Length; place++)
        {
            var row = MemoryMarshal.Cast<float, Vector128<float>>(_weights.AsSpan(ids[place] * Stride, Stride));
            for (var part = 0; part < row.Length; part++)
            {
                accumulators[part] += row[part] * values[place];
            }
        }

        sums.AsSpan(0, Labels).CopyTo(margins);
    }
}
