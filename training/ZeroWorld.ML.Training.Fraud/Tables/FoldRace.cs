namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which trials of a search need no further fold: those that are far behind the best of this one for sure. Pure function.</summary>
/// <remarks>
/// Sure is the upper end of a paired bootstrap interval of the difference, by which entities the validation rows happen to hold. Folds differ by more than that, and later ones have
/// more rows to fit on, which favours larger models: so the confidence is high, a tenth of the best one's precision is not far, and folds with few positives decide nothing.
/// </remarks>
internal static class FoldRace
{
    private const int PositivesMin = 20;
    private const int Resamples = 200;
    private const double Confidence = 0.99;
    private const double ShareMin = 0.1;

    /// <param name="scores">Per trial, one probability per row; <see langword="null"/> for one that does not take part.</param>
    /// <param name="labels">One per row.</param>
    /// <param name="entities">One per row.</param>
    /// <returns>Indexes of trials, ascending.</returns>
    internal static IReadOnlyList<int> FindBehind(IReadOnlyList<float[]?> scores, bool[] labels, long[] entities, CancellationToken cancellationToken)
    {
        if (labels.AsSpan().Count(true) < PositivesMin)
        {
            return [];
        }

        double[] precisions = [.. scores.Select(one => one is null ? double.NegativeInfinity : BinaryMetrics.AveragePrecision(one, labels))];
        var best = Array.IndexOf(precisions, precisions.Max());
        return
        [
            .. Enumerable.Range(0, scores.Count).Where(trial => scores[trial] is { } one && precisions[trial] < precisions[best]
                && PairedBootstrap.OfDifference(GateMetric.AveragePrecision, scores[best]!, one, labels, entities, Resamples, Confidence, seed: 1, cancellationToken).Upper < -ShareMin * precisions[best]),
        ];
    }
}
