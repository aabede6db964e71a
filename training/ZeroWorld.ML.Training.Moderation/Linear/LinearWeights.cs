using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>One weight per id and label, the labels of an id side by side. Immutable once fitted; thread safe to read.</summary>
public sealed class LinearWeights
{
    private const int StackFloatsMax = 512;

    private readonly float[] _weights;

    // Place of an id's row, or -1 for an id without one; null where every id has its row.
    private readonly int[]? _rows;
    private readonly PackedRows? _packed;
    private int _rowCount;

    internal LinearWeights(int size, int labels)
    {
        (Size, Labels, Stride) = (size, labels, StrideOf(labels));
        _weights = new float[(long)size * Stride];
        Bias = new float[Stride];
    }

    /// <summary>Weights of some ids only, by <see cref="AddRow"/>; all others weigh 0 and take no room.</summary>
    internal LinearWeights(int size, int labels, int rowsMax)
    {
        (Size, Labels, Stride) = (size, labels, StrideOf(labels));
        _weights = new float[(long)rowsMax * Stride];
        Bias = new float[Stride];
        _rows = new int[size];
        System.Array.Fill(_rows, -1);
    }

    private LinearWeights(LinearWeights weights, PackedRows packed)
    {
        (Size, Labels, Stride, Bias, _weights, _rows, _packed) = (weights.Size, weights.Labels, weights.Stride, weights.Bias, weights._weights, weights._rows, packed);
    }

    /// <summary>Number of ids.</summary>
    public int Size { get; }

    public int Labels { get; }

    internal int Stride { get; }

    internal float[] Bias { get; }

    /// <summary>All rows side by side, where every id has one.</summary>
    internal float[] Array => _rows is null ? _weights : throw new InvalidOperationException("Some ids have no row.");

    /// <summary>Whether <see cref="RowOf"/> answers for an id.</summary>
    internal bool HasRow(int id) => _rows is null || _rows[id] >= 0;

    /// <summary>The same weights; where few ids weigh anything, their rows once more side by side, which the processor's cache holds. Scores are the same bits.</summary>
    internal LinearWeights Packed() => Stride <= PackedRows.StrideMax && PackedRows.TryPack(this) is { } packed ? new LinearWeights(this, packed) : this;

    /// <summary>Which row an id has that has one, where only some ids do.</summary>
    internal int RowNumberOf(int id) => _rows![id];

    /// <summary>The weights of an id, which has a row from now on.</summary>
    internal Span<float> AddRow(int id)
    {
        if (_rows is not null && _rows[id] < 0)
        {
            _rows[id] = _rowCount++;
        }

        return RowOf(id);
    }

    /// <summary>The weights of an id.</summary>
    internal Span<float> RowOf(int id) => _weights.AsSpan((_rows is null ? id : _rows[id]) * Stride, Labels);

    public float BiasOf(int label) => Bias[label];

    public float this[int id, int label] => HasRow(id) ? RowOf(id)[label] : 0;

    /// <summary>Adds up a row: <c>margins[label] = bias + sum of weight x value</c>.</summary>
    /// <param name="margins">One per label, or more.</param>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> margins)
    {
        if (_packed is not null)
        {
            Span<float> sums = stackalloc float[PackedRows.StrideMax];
            _packed.Score(ids, values, Bias, sums);
            sums[..Labels].CopyTo(margins);
        }
        else if (Stride == 4)
        {
            Span<float> four = stackalloc float[4];
            if (_rows is null)
            {
                ScoreFour(ids, values, four);
            }
            else
            {
                ScoreMany(ids, values, four);
            }

            four[..Labels].CopyTo(margins);
        }
        else if (Stride == 1 && _rows is null)
        {
            margins[0] = ScoreOne(ids, values);
        }
        else
        {
            ScoreMany(ids, values, margins);
        }
    }

    /// <summary>As <see cref="Score"/>, of weights whose rows lie side by side.</summary>
    /// <param name="sums">[<see cref="PackedRows.StrideMax"/>]; behind those of the labels all 0.</param>
    /// <returns><see langword="false"/>: they do not, and nothing was written.</returns>
    internal bool TryScorePacked(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> sums)
    {
        _packed?.Score(ids, values, Bias, sums);
        return _packed is not null;
    }

    /// <summary>One label's weights of many features: a loop of its own, so that the processor waits for many of them at once.</summary>
    internal void Gather(ReadOnlySpan<TextFeature> features, int label, Span<float> weights)
    {
        for (var place = 0; place < features.Length; place++)
        {
            weights[place] = this[features[place].Id, label];
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
        var sums = Stride <= StackFloatsMax ? stackalloc float[Stride] : new float[Stride];
        Bias.CopyTo(sums);
        var accumulators = MemoryMarshal.Cast<float, Vector128<float>>(sums);
        for (var place = 0; place < ids.Length; place++)
        {
            var at = _rows is null ? ids[place] : _rows[ids[place]];
            if (at < 0)
            {
                continue;
            }

            // Of one label only a row is narrower than a vector.
            if (Stride == 1)
            {
                sums[0] += _weights[at] * values[place];
                continue;
            }

            var row = MemoryMarshal.Cast<float, Vector128<float>>(_weights.AsSpan(at * Stride, Stride));
            for (var part = 0; part < row.Length; part++)
            {
                accumulators[part] += row[part] * values[place];
            }
        }

        sums[..Labels].CopyTo(margins);
    }
}
