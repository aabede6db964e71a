namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Chooses thresholds, and carries them over to a new model. Pure functions; equal scores are never split.</summary>
public static class Thresholds
{
    /// <summary>A threshold that no probability reaches.</summary>
    public const double Never = 1.01;

    // Of the normal distribution: nine of ten values are below.
    private const double NineOfTen = 1.2816;

    // A probability of 0 or 1 is one that a float does not tell from it.
    private const double Least = 1e-8;

    /// <summary>A threshold for a goal, so that it holds on further rows, too: by the lower bound of the precision or recall that nine of ten such samples have (Wilson's), where a threshold reaches the goal by that; else by what the rows themselves give.</summary>
    /// <remarks>
    /// The least threshold that just reaches a precision on the rows it is chosen on is below it on further rows more often than not: of many it is the one with most luck.
    /// Of the thresholds that reach a precision it is the greatest that finds most rows, of those that reach a recall the least that flags most precisely: where labels are easily told apart, a text between those that are
    /// known is not blocked, and waits for review.
    /// </remarks>
    /// <param name="scores">Probabilities of validation rows.</param>
    /// <param name="positives">Whether each row has the label.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: no positive row, or none that is not; or no threshold reaches the precision.</exception>
    public static ChosenThreshold Choose(ReadOnlySpan<float> scores, ReadOnlySpan<bool> positives, ThresholdGoal goal)
    {
        var total = positives.Count(true);
        if (scores.Length != positives.Length || total == 0 || total == scores.Length)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"threshold for {goal}: {total} of {positives.Length} validation rows are positive ({scores.Length} scores); expected rows of both kinds.");
        }

        var (keys, labels) = (scores.ToArray(), positives.ToArray());
        Array.Sort(keys, labels);
        return Choose(keys, labels, total, goal, NineOfTen) ?? Choose(keys, labels, total, goal, 0) ?? throw new TrainingException(
            TrainingError.UnsuitableData, $"threshold for {goal}: no threshold reaches it on {keys.Length} validation rows with {total} positive ones; ask for less, or train on more.");
    }

    private static ChosenThreshold? Choose(ReadOnlySpan<float> keys, ReadOnlySpan<bool> labels, int total, ThresholdGoal goal, double deviations)
    {
        ChosenThreshold? best = null;
        var (bestCost, found, least) = (double.PositiveInfinity, 0, Never);
        for (var row = keys.Length - 1; row >= 0; row--)
        {
            found += labels[row] ? 1 : 0;
            if (row > 0 && keys[row - 1] == keys[row])
            {
                continue;
            }

            var flagged = keys.Length - row;
            var here = new ChosenThreshold(keys[row], (double)found / flagged, (double)found / total, (double)flagged / keys.Length);
            var cost = (goal.Value * (total - found)) + (flagged - found);
            var isPrecise = goal.Kind == ThresholdGoalKind.Precision && LowerBound(found, flagged, deviations) >= goal.Value;
            least = isPrecise ? keys[row] : least;
            var isBetter = goal.Kind switch
            {
                ThresholdGoalKind.Precision => isPrecise && here.Recall > (best?.Recall ?? 0),
                ThresholdGoalKind.Recall => LowerBound(found, total, deviations) >= goal.Value && here.Precision >= (best?.Precision ?? 0),
                _ => cost < bestCost,
            };
            if (isBetter)
            {
                (best, bestCost) = (here with { Threshold = Place(row > 0 ? keys[row - 1] : null, keys[row], goal.Kind) }, cost);
            }
        }

        return goal.Kind == ThresholdGoalKind.Precision ? best is null ? null : best with { Least = least } : best;
    }

    // What lies between two scores flags the same rows. Who wants precision flags of further texts what scores as those that are right to be flagged, who wants recall whatever scores above the others.
    private static double Place(float? below, float from, ThresholdGoalKind kind) => (below, kind) switch
    {
        (null, _) or (_, ThresholdGoalKind.Precision) => from,
        (_, ThresholdGoalKind.Recall) => MathF.BitIncrement(below.Value),
        _ => Middle(below.Value, from),
    };

    // In log odds.
    internal static double Middle(double below, double from)
    {
        var middle = 1 / (1 + Math.Exp(-(LogOdds(below) + LogOdds(from)) / 2));
        return middle > below && middle < from ? middle : from;
    }

    private static double LogOdds(double probability) => Math.Log(Math.Max(probability, Least) / Math.Max(1 - probability, Least));

    private static double LowerBound(int found, int of, double deviations)
    {
        var (share, square) = ((double)found / of, deviations * deviations / of);
        return (share + (square / 2) - Math.Sqrt((share * (1 - share) * square) + (square * square / 4))) / (1 + square);
    }

    /// <summary>The threshold of a new model that flags as great a share of the same held-out rows as the old threshold of the old model.</summary>
    /// <param name="oldScores">Of the old model.</param>
    /// <param name="newScores">Of the new model, for the same texts in the same order.</param>
    /// <param name="threshold">Of the old model.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: fewer than 100 rows, or not as many of both.</exception>
    public static double Map(ReadOnlySpan<float> oldScores, ReadOnlySpan<float> newScores, double threshold)
    {
        const int RowsMin = 100;
        if (oldScores.Length != newScores.Length || oldScores.Length < RowsMin)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"mapping of thresholds: {oldScores.Length} old scores and {newScores.Length} new ones; expected as many, and at least {RowsMin}.");
        }

        var flagged = 0;
        foreach (var score in oldScores)
        {
            flagged += score >= threshold ? 1 : 0;
        }

        var sorted = newScores.ToArray();
        Array.Sort(sorted);
        if (flagged == 0)
        {
            // Above what was seen nothing is known: the distance to 1 is kept in proportion.
            var oldMost = oldScores.ToArray().Max();
            return threshold > 1 ? threshold : sorted[^1] + ((1 - sorted[^1]) * Math.Clamp((threshold - oldMost) / Math.Max(1e-9, 1 - oldMost), 0, 1)) + 1e-6;
        }

        return sorted[^flagged];
    }
}
