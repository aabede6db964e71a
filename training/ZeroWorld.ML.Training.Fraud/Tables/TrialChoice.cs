using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which trial of a search to take. Pure function.</summary>
/// <remarks>
/// Of one algorithm the greatest mean of the folds, of equal ones the earlier: a grid is listed from simple to complex. Between algorithms the more trusted one stays until
/// another is better by more than one and a half standard errors of the difference (of two to five folds, which know the error itself badly): on few positives the greatest of several means is as often luck, and what a user loses by it is large
/// where a line was taken for a table that needs trees, small the other way round. The mean of a line and trees comes before trees: on tables of 300 to 3,000 rows it lost least against the
/// better of both. Below 40 positives trees alone learn less than a line does, whatever the table: there logistic regression comes next to the mean (on 71 made-up tables, half of them
/// without a linear part, it had 15 % more average precision than trees there, 5 % less between 40 and 120 positives).
/// </remarks>
internal static class TrialChoice
{
    /// <summary>Algorithms by how seldom they lose much on tables that nobody has seen, best first.</summary>
    private static readonly string[] Trusted =
    [
        FraudAlgorithms.TreeBlend, FraudAlgorithms.LogisticTrees, FraudAlgorithms.LightGbm, FraudAlgorithms.RandomForest, FraudAlgorithms.FastTree, FraudAlgorithms.Logistic, FraudAlgorithms.Autoencoder,
        FraudAlgorithms.IsolationForest,
    ];

    private const int FewPositives = 40;
    private const double ErrorsMin = 1.5;

    /// <param name="positives">Of the training rows.</param>
    /// <param name="trials">At least one; those with fewer folds than others were dropped, and are not taken.</param>
    /// <param name="notes">Receives a sentence where the greatest mean is not taken.</param>
    internal static TableTrial Of(IReadOnlyList<TableTrial> trials, int positives, List<string> notes)
    {
        var folds = trials.Max(static trial => trial.FoldPrecisions.Count);
        TableTrial[] candidates =
        [
            .. trials.Where(trial => trial.FoldPrecisions.Count == folds).GroupBy(static trial => trial.Algorithm).Select(static group => group.MaxBy(static trial => trial.AveragePrecision)!)
                .OrderBy(trial => positives < FewPositives ? PlaceOfFew(trial.Algorithm) : Array.IndexOf(Trusted, trial.Algorithm)),
        ];
        var chosen = candidates[0];
        foreach (var candidate in candidates.Skip(1))
        {
            var (gain, error) = Difference(chosen, candidate);
            if (gain > ErrorsMin * error)
            {
                chosen = candidate;
            }
        }

        var greatest = candidates.MaxBy(static trial => trial.AveragePrecision)!;
        if (greatest != chosen)
        {
            var (gain, error) = Difference(chosen, greatest);
            notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{greatest.Algorithm} had {gain:F4} more average precision than {chosen.Algorithm} on the {chosen.FoldPrecisions.Count} validation folds, which is within {ErrorsMin} standard errors of the difference ({ErrorsMin * error:F4}): {chosen.Algorithm} was kept"));
        }

        return chosen;
    }

    private static int PlaceOfFew(string algorithm) => algorithm switch
    {
        FraudAlgorithms.LogisticTrees => -2,
        FraudAlgorithms.Logistic => -1,
        _ => Array.IndexOf(Trusted, algorithm),
    };

    /// <returns>How much better the second is, and the standard error of that over the folds; 0 with one fold, which has none.</returns>
    private static (double Gain, double Error) Difference(TableTrial first, TableTrial second)
    {
        double[] gains = [.. first.FoldPrecisions.Zip(second.FoldPrecisions, static (left, right) => right - left)];
        var mean = gains.Average();
        var error = gains.Length == 1 ? 0 : Math.Sqrt(gains.Sum(gain => (gain - mean) * (gain - mean)) / (gains.Length - 1) / gains.Length);
        return (mean, error);
    }
}
