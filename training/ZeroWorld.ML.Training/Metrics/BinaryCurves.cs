namespace ZeroWorld.ML.Training;

/// <summary>ROC, precision-recall and reliability curves, and what is read off them. Pure functions.</summary>
/// <remarks>Every method throws <see cref="ArgumentException"/> when lengths differ or a score is NaN. Curves are empty without rows or with one class only.</remarks>
public static class BinaryCurves
{
    /// <summary>False positive rate against true positive rate, one point per score level from (0, 0) to (1, 1).</summary>
    public static IReadOnlyList<CurvePoint> Roc(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels) =>
        Sweep(scores, labels, static (found, wrong, positives, negatives) => ((double)wrong / negatives, (double)found / positives), new CurvePoint(0, 0, double.PositiveInfinity));

    /// <summary>Recall against precision, one point per score level, never interpolated.</summary>
    public static IReadOnlyList<CurvePoint> PrecisionRecall(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels) =>
        Sweep(scores, labels, static (found, wrong, positives, _) => ((double)found / positives, (double)found / (found + wrong)), null);

    /// <summary>The greatest recall whose false positive rate is at most the given one.</summary>
    /// <returns>NaN without rows or with one class only.</returns>
    public static double RecallAtFalsePositiveRate(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, double rateMax)
    {
        var best = double.NaN;
        foreach (var point in Roc(scores, labels))
        {
            if (point.X <= rateMax)
            {
                best = point.Y;
            }
        }

        return best;
    }

    /// <summary>Mean probability against observed share, in bins of as many rows each (equal scores stay together).</summary>
    /// <param name="binsMax">1 or more.</param>
    public static IReadOnlyList<CurvePoint> Reliability(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, int binsMax)
    {
        BinaryMetrics.Check(scores, labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(binsMax, 1);
        var (sorted, truth) = (scores.ToArray(), labels.ToArray());
        Array.Sort(sorted, truth);
        var bins = new List<CurvePoint>(binsMax);
        for (int first = 0, end; first < sorted.Length; first = end)
        {
            end = Math.Max(first + 1, (int)((long)(bins.Count + 1) * sorted.Length / binsMax));
            while (end < sorted.Length && sorted[end] == sorted[end - 1])
            {
                end++;
            }

            var (sum, positives) = (0.0, 0);
            for (var row = first; row < end; row++)
            {
                sum += sorted[row];
                positives += truth[row] ? 1 : 0;
            }

            bins.Add(new CurvePoint(sum / (end - first), (double)positives / (end - first), end - first));
        }

        return bins;
    }

    /// <summary>Expected calibration error with bins of equal mass: the mean distance of probability and observed share, weighted by rows (Nguyen and O'Connor 2015).</summary>
    /// <returns>0 to 1; NaN without rows.</returns>
    public static double ExpectedCalibrationError(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, int binsMax = 20)
    {
        var sum = 0.0;
        foreach (var bin in Reliability(scores, labels, binsMax))
        {
            sum += bin.Threshold * Math.Abs(bin.X - bin.Y);
        }

        return sum / scores.Length;
    }

    /// <summary>At most so many points of a curve, both ends kept: for plots.</summary>
    public static IReadOnlyList<CurvePoint> Thin(IReadOnlyList<CurvePoint> curve, int pointsMax)
    {
        ArgumentNullException.ThrowIfNull(curve);
        ArgumentOutOfRangeException.ThrowIfLessThan(pointsMax, 2);
        if (curve.Count <= pointsMax)
        {
            return curve;
        }

        var thinned = new CurvePoint[pointsMax];
        for (var index = 0; index < pointsMax; index++)
        {
            thinned[index] = curve[(int)((long)index * (curve.Count - 1) / (pointsMax - 1))];
        }

        return thinned;
    }

    private static List<CurvePoint> Sweep(
        ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, Func<long, long, long, long, (double X, double Y)> toPoint, CurvePoint? start)
    {
        BinaryMetrics.Check(scores, labels);
        var (sorted, truth) = (scores.ToArray(), labels.ToArray());
        Array.Sort(sorted, truth);
        var positives = truth.LongCount(static label => label);
        var negatives = truth.Length - positives;
        var points = new List<CurvePoint>();
        if (positives == 0 || negatives == 0)
        {
            return points;
        }

        if (start is { } first)
        {
            points.Add(first);
        }

        var (found, wrong) = (0L, 0L);
        for (var row = sorted.Length - 1; row >= 0; row--)
        {
            _ = truth[row] ? found++ : wrong++;
            if (row == 0 || sorted[row - 1] != sorted[row])
            {
                var (x, y) = toPoint(found, wrong, positives, negatives);
                points.Add(new CurvePoint(x, y, sorted[row]));
            }
        }

        return points;
    }
}
