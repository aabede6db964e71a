using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Turns margins into probabilities: <c>scale x margin + offset</c> per label, then a softmax over exclusive labels or a sigmoid for each of the others.</summary>
/// <param name="Scales">One per margin, above 0.</param>
/// <param name="Offsets">One per margin.</param>
/// <remarks>Fitted on margins of rows that the model has not seen (Platt 1999 with his smoothed targets; for exclusive labels temperature and offsets of a softmax). Immutable.</remarks>
public sealed record Calibration(IReadOnlyList<float> Scales, IReadOnlyList<float> Offsets)
{
    private const int Steps = 400;
    private const int FewMax = 16;

    // Read for every text.
    private readonly float[] _scales = [.. Scales];
    private readonly float[] _offsets = [.. Offsets];

    // The same with room for whole vectors; what is behind the last label has no probability.
    private readonly float[] _wideScales = Widened(Scales, 0);
    private readonly float[] _wideOffsets = Widened(Offsets, float.NegativeInfinity);

    /// <value>One per margin, above 0.</value>
    public IReadOnlyList<float> Scales
    {
        get => _scales;
        init => (_scales, _wideScales) = ([.. value], Widened(value, 0));
    }

    /// <value>One per margin.</value>
    public IReadOnlyList<float> Offsets
    {
        get => _offsets;
        init => (_offsets, _wideOffsets) = ([.. value], Widened(value, float.NegativeInfinity));
    }

    public static Calibration Identity(int margins) => new([.. Enumerable.Repeat(1f, margins)], new float[margins]);

    /// <summary>Writes probabilities in place of margins, which may be the same span where they are as many; of two exclusive labels the one margin gives both.</summary>
    internal void Apply(Span<float> margins, Span<float> probabilities, bool isExclusive)
    {
        if (probabilities.Length == 2 && _scales.Length == 1)
        {
            probabilities[1] = Sigmoid((_scales[0] * margins[0]) + _offsets[0]);
            probabilities[0] = 1 - probabilities[1];
            return;
        }

        TensorPrimitives.MultiplyAdd(_scales.AsSpan(0, probabilities.Length), margins[..probabilities.Length], _offsets.AsSpan(0, probabilities.Length), probabilities);

        if (isExclusive)
        {
            Softmax(probabilities);
            return;
        }

        for (var label = 0; label < probabilities.Length; label++)
        {
            probabilities[label] = Sigmoid(probabilities[label]);
        }
    }

    /// <summary>Whether <see cref="ApplyFew"/> takes so many labels: one vector, up to two.</summary>
    internal static bool AreFew(int labels) => Vector256.IsHardwareAccelerated && labels >= Vector256<float>.Count && labels <= FewMax;

    /// <summary>As <see cref="Apply"/> of few exclusive labels, the same bits, without leaving the processor's registers.</summary>
    /// <param name="margins">Two vectors; behind those of the labels 0.</param>
    internal void ApplyFew(ReadOnlySpan<float> margins, Span<float> probabilities)
    {
        var last = probabilities.Length - Vector256<float>.Count;
        var (low, high) = (Calibrated(margins, 0), Calibrated(margins, Vector256<float>.Count));
        var most = Vector256.Create(Largest(Vector256.Max(low, high)));
        (low, high) = (Vector256.Exp(low - most), Vector256.Exp(high - most));

        // In the order in which SoftmaxVectors adds them up: the second vector's at the end of their lanes.
        var moved = Vector256.Shuffle(high, Vector256<int>.Indices + Vector256.Create(last - Vector256<float>.Count));
        var sum = Vector256.Create(Vector256.Sum(low + moved));
        var end = Vector256.Shuffle(low, Vector256<int>.Indices + Vector256.Create(last)) | moved;
        ref var first = ref MemoryMarshal.GetReference(probabilities);
        (low / sum).StoreUnsafe(ref first);
        (end / sum).StoreUnsafe(ref first, (nuint)last);
    }

    private Vector256<float> Calibrated(ReadOnlySpan<float> margins, int first) =>
        (Vector256.Create(_wideScales.AsSpan(first)) * Vector256.Create(margins[first..])) + Vector256.Create(_wideOffsets.AsSpan(first));

    private static float[] Widened(IReadOnlyList<float> values, float behind) => [.. values, .. Enumerable.Repeat(behind, Math.Max(0, FewMax - values.Count))];

    /// <param name="margins">Of rows that the model has not seen.</param>
    public static Calibration Fit(IReadOnlyList<float[]> margins, LabelMatrix labels, ReadOnlySpan<int> rows)
    {
        var columns = margins[0].Length;
        return labels.IsExclusive && columns > 1 ? FitSoftmax(margins, labels, rows) : FitSigmoids(margins, labels, rows, columns);
    }

    private static Calibration FitSigmoids(IReadOnlyList<float[]> margins, LabelMatrix labels, ReadOnlySpan<int> rows, int columns)
    {
        var (scales, offsets) = (new float[columns], new float[columns]);
        for (var column = 0; column < columns; column++)
        {
            var targets = new double[rows.Length];
            var label = column + (labels.Columns - columns);
            var positives = 0;
            foreach (var row in rows)
            {
                positives += labels[row, label] ? 1 : 0;
            }

            var (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (rows.Length - positives + 2.0));
            for (var place = 0; place < rows.Length; place++)
            {
                targets[place] = labels[rows[place], label] ? high : low;
            }

            (scales[column], offsets[column]) = FitSigmoid(margins, column, targets);
        }

        return new Calibration(scales, offsets);
    }

    // Newton's method on the two parameters; the loss is convex. A ridge keeps the matrix regular where all margins agree.
    private static (float Scale, float Offset) FitSigmoid(IReadOnlyList<float[]> margins, int column, double[] targets)
    {
        var (scale, offset) = (1.0, 0.0);
        for (var step = 0; step < 50; step++)
        {
            var (gradientScale, gradientOffset, h00, h01, h11) = (0.0, 0.0, 1e-6, 0.0, 1e-6);
            for (var place = 0; place < targets.Length; place++)
            {
                var margin = margins[place][column];
                var p = 1 / (1 + Math.Exp(-((scale * margin) + offset)));
                var (error, weight) = (p - targets[place], p * (1 - p));
                gradientScale += error * margin;
                gradientOffset += error;
                h00 += weight * margin * margin;
                h01 += weight * margin;
                h11 += weight;
            }

            var determinant = (h00 * h11) - (h01 * h01);
            var changeScale = ((h11 * gradientScale) - (h01 * gradientOffset)) / determinant;
            var changeOffset = ((h00 * gradientOffset) - (h01 * gradientScale)) / determinant;
            scale = Math.Clamp(scale - Math.Clamp(changeScale, -1, 1), 1e-3, 100);
            offset -= Math.Clamp(changeOffset, -2, 2);
            if (Math.Abs(changeScale) + Math.Abs(changeOffset) < 1e-6)
            {
                break;
            }
        }

        return ((float)scale, (float)offset);
    }

    private static Calibration FitSoftmax(IReadOnlyList<float[]> margins, LabelMatrix labels, ReadOnlySpan<int> rows)
    {
        var columns = margins[0].Length;
        var (scale, offsets, squares, p) = (1.0, new double[columns], new double[columns + 1], new float[columns]);
        var gradient = new double[columns + 1];
        for (var step = 0; step < Steps; step++)
        {
            Array.Clear(gradient);
            for (var place = 0; place < rows.Length; place++)
            {
                for (var label = 0; label < columns; label++)
                {
                    p[label] = (float)((scale * margins[place][label]) + offsets[label]);
                }

                Softmax(p);
                for (var label = 0; label < columns; label++)
                {
                    var error = p[label] - (labels[rows[place], label] ? 1.0 : 0);
                    gradient[label] += error / rows.Length;
                    gradient[columns] += error * margins[place][label] / rows.Length;
                }
            }

            for (var place = 0; place <= columns; place++)
            {
                squares[place] += gradient[place] * gradient[place];
                var change = 0.3 * gradient[place] / Math.Sqrt(squares[place] + 1e-12);
                if (place < columns)
                {
                    offsets[place] -= change;
                }
                else
                {
                    scale = Math.Clamp(scale - change, 1e-3, 100);
                }
            }
        }

        return new Calibration([.. Enumerable.Repeat((float)scale, columns)], [.. offsets.Select(static offset => (float)offset)]);
    }

    private static float Sigmoid(float value) => 1 / (1 + MathF.Exp(-value));

    /// <summary>Margins become probabilities that add up to 1.</summary>
    internal static void Softmax(Span<float> values)
    {
        if (Vector256.IsHardwareAccelerated && values.Length >= Vector256<float>.Count)
        {
            SoftmaxVectors(values);
            return;
        }

        var (most, sum) = (float.NegativeInfinity, 0f);
        foreach (var value in values)
        {
            most = Math.Max(most, value);
        }

        foreach (ref var value in values)
        {
            value = MathF.Exp(value - most);
            sum += value;
        }

        foreach (ref var value in values)
        {
            value /= sum;
        }
    }

    // Eight at once; the last eight overlap those before, and count once.
    private static void SoftmaxVectors(Span<float> values)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var last = values.Length - Vector256<float>.Count;
        var most = Vector256.LoadUnsafe(ref first, (nuint)last);
        for (var place = 0; place < last; place += Vector256<float>.Count)
        {
            most = Vector256.Max(most, Vector256.LoadUnsafe(ref first, (nuint)place));
        }

        most = Vector256.Create(Largest(most));
        var end = Vector256.Exp(Vector256.LoadUnsafe(ref first, (nuint)last) - most);
        var (sums, covered) = (Vector256<float>.Zero, 0);
        for (; covered < last; covered += Vector256<float>.Count)
        {
            var power = Vector256.Exp(Vector256.LoadUnsafe(ref first, (nuint)covered) - most);
            power.StoreUnsafe(ref first, (nuint)covered);
            sums += power;
        }

        end.StoreUnsafe(ref first, (nuint)last);
        var isNew = Vector256.GreaterThanOrEqual(Vector256<int>.Indices, Vector256.Create(covered - last)).AsSingle();
        TensorPrimitives.Divide(values, Vector256.Sum(sums + (end & isNew)), values);
    }

    private static float Largest(Vector256<float> values)
    {
        var four = Vector128.Max(values.GetLower(), values.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
