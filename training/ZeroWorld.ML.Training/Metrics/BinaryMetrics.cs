namespace ZeroWorld.ML.Training;

/// <summary>Quality of scores against two classes. Pure functions.</summary>
/// <remarks>
/// Every method throws <see cref="ArgumentException"/> when the lengths differ or a score is NaN, and returns NaN where the number is not defined: without rows, or
/// (for those that rank) with one class only.
/// </remarks>
public static class BinaryMetrics
{
    /// <summary>Probabilities are kept this far from 0 and 1 in <see cref="LogLoss"/>, so that one sure mistake is dear but not infinite.</summary>
    private const double LogLossMargin = 1e-15;

    /// <summary>Area under the ROC curve: the chance that a positive row scores above a negative one, a tie counting half (Mann-Whitney U by mean ranks).</summary>
    public static double AreaUnderRoc(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        var order = SortAscending(scores, labels);
        var (rankSum, positives) = (0.0, 0L);
        for (int first = 0, end; first < order.Length; first = end)
        {
            end = EndOfTie(scores, order, first);
            var tiedPositives = CountPositives(labels, order, first, end);
            rankSum += tiedPositives * ((first + 1 + end) / 2.0);
            positives += tiedPositives;
        }

        var negatives = order.Length - positives;
        return positives == 0 || negatives == 0 ? double.NaN : (rankSum - (positives * (positives + 1) / 2.0)) / ((double)positives * negatives);
    }

    /// <summary>Average precision: the sum over score levels of (recall gained) x (precision), stepwise and never interpolated; equal scores are one level.</summary>
    public static double AveragePrecision(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        var order = SortAscending(scores, labels);
        var positives = CountPositives(labels, order, 0, order.Length);
        if (positives == 0 || positives == order.Length)
        {
            return double.NaN;
        }

        var (sum, found) = (0.0, 0L);
        for (int end = order.Length, first; end > 0; end = first)
        {
            first = end - 1;
            while (first > 0 && scores[order[first - 1]] == scores[order[end - 1]])
            {
                first--;
            }

            var gained = CountPositives(labels, order, first, end);
            found += gained;
            sum += (double)gained / positives * found / (order.Length - first);
        }

        return sum;
    }

    /// <summary>Mean squared difference between probability and label: 0 is perfect.</summary>
    public static double Brier(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        Check(scores, labels);
        var sum = 0.0;
        for (var row = 0; row < scores.Length; row++)
        {
            var difference = scores[row] - (labels[row] ? 1.0 : 0.0);
            sum += difference * difference;
        }

        return sum / scores.Length;
    }

    /// <summary>Mean negative log likelihood in nats: 0 is perfect.</summary>
    public static double LogLoss(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        Check(scores, labels);
        var sum = 0.0;
        for (var row = 0; row < scores.Length; row++)
        {
            var likelihood = labels[row] ? scores[row] : 1.0 - scores[row];
            sum -= Math.Log(Math.Clamp(likelihood, LogLossMargin, 1 - LogLossMargin));
        }

        return sum / scores.Length;
    }

    internal static void Check(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        if (scores.Length != labels.Length)
        {
            throw new ArgumentException($"There are {scores.Length} scores and {labels.Length} labels; expected as many.", nameof(labels));
        }

        for (var row = 0; row < scores.Length; row++)
        {
            if (float.IsNaN(scores[row]))
            {
                throw new ArgumentException($"The score of row {row} is NaN.", nameof(scores));
            }
        }
    }

    private static int[] SortAscending(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        Check(scores, labels);
        var order = new int[scores.Length];
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
        }

        scores.ToArray().AsSpan().Sort(order.AsSpan());
        return order;
    }

    private static int EndOfTie(ReadOnlySpan<float> scores, int[] order, int first)
    {
        var end = first + 1;
        while (end < order.Length && scores[order[end]] == scores[order[first]])
        {
            end++;
        }

        return end;
    }

    private static int CountPositives(ReadOnlySpan<bool> labels, int[] order, int first, int end)
    {
        var positives = 0;
        for (var index = first; index < end; index++)
        {
            positives += labels[order[index]] ? 1 : 0;
        }

        return positives;
    }
}
