namespace ZeroWorld.ML.Training;

/// <summary>Scores in descending order with their labels, so that a resample of the rows is measured without another sort.</summary>
/// <remarks>A row's count says how often a resample holds it. Metrics are those of <see cref="BinaryMetrics"/> on the rows repeated so often; NaN with one class only.</remarks>
internal sealed class RankedScores
{
    private readonly int[] _order;
    private readonly float[] _scores;
    private readonly bool[] _labels;

    /// <exception cref="ArgumentException">Lengths differ, or a score is NaN.</exception>
    internal RankedScores(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        BinaryMetrics.Check(scores, labels);
        _order = new int[scores.Length];
        _scores = new float[scores.Length];
        _labels = new bool[scores.Length];
        for (var row = 0; row < _order.Length; row++)
        {
            (_order[row], _scores[row]) = (row, -scores[row]);
        }

        Array.Sort(_scores, _order);
        for (var rank = 0; rank < _order.Length; rank++)
        {
            (_scores[rank], _labels[rank]) = (-_scores[rank], labels[_order[rank]]);
        }
    }

    internal double Measure(GateMetric metric)
    {
        var counts = new int[_order.Length];
        Array.Fill(counts, 1);
        return Measure(metric, counts);
    }

    /// <param name="counts">One per row, in the order of the rows.</param>
    internal double Measure(GateMetric metric, ReadOnlySpan<int> counts) => metric switch
    {
        GateMetric.AveragePrecision => AveragePrecision(counts),
        GateMetric.AucRoc => AreaUnderRoc(counts),
        GateMetric.Brier => Mean(counts, static (score, label) => (score - label) * (score - label)),
        GateMetric.LogLoss => Mean(counts, static (score, label) => -Math.Log(Math.Clamp(label == 1 ? score : 1 - score, 1e-15, 1 - 1e-15))),
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, null),
    };

    private double AveragePrecision(ReadOnlySpan<int> counts)
    {
        var (sum, found, seen) = (0.0, 0L, 0L);
        for (int first = 0, end; first < _order.Length; first = end)
        {
            var (positives, rows) = CountTie(counts, first, out end);
            (found, seen) = (found + positives, seen + rows);
            sum += positives == 0 ? 0 : (double)positives * found / seen;
        }

        return found == 0 || found == seen ? double.NaN : sum / found;
    }

    private double AreaUnderRoc(ReadOnlySpan<int> counts)
    {
        var (wins, positives, negatives) = (0.0, 0L, 0L);
        for (int first = 0, end; first < _order.Length; first = end)
        {
            var (tied, rows) = CountTie(counts, first, out end);
            var others = rows - tied;
            wins += others * (positives + (tied / 2.0));
            (positives, negatives) = (positives + tied, negatives + others);
        }

        return positives == 0 || negatives == 0 ? double.NaN : wins / ((double)positives * negatives);
    }

    private (long Positives, long Rows) CountTie(ReadOnlySpan<int> counts, int first, out int end)
    {
        var (positives, rows) = (0L, 0L);
        end = first;
        do
        {
            var count = counts[_order[end]];
            rows += count;
            positives += _labels[end] ? count : 0;
            end++;
        }
        while (end < _order.Length && _scores[end] == _scores[first]);
        return (positives, rows);
    }

    private double Mean(ReadOnlySpan<int> counts, Func<double, double, double> loss)
    {
        var (sum, rows) = (0.0, 0L);
        for (var rank = 0; rank < _order.Length; rank++)
        {
            if (counts[_order[rank]] is var count and > 0)
            {
                sum += count * loss(_scores[rank], _labels[rank] ? 1 : 0);
                rows += count;
            }
        }

        return sum / rows;
    }
}
