using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training;

/// <summary>Chooses the thresholds of allow, review and block on validation rows. Pure functions.</summary>
public static class DecisionPolicy
{
    public const string Allow = "allow";
    public const string Review = "review";
    public const string Block = "block";

    /// <summary>The lowest thresholds that keep the budget on every validation day.</summary>
    /// <param name="output">Name of the model's output whose value decides.</param>
    /// <param name="scores">Scores of the validation rows.</param>
    /// <param name="times">Their event times, microseconds since the epoch.</param>
    /// <param name="budget">What may be stopped per UTC day.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the budget allows nothing or blocks more than it alerts.</exception>
    /// <exception cref="ArgumentException">Lengths differ, or there are no rows.</exception>
    public static DecisionThresholds Choose(string output, ReadOnlySpan<float> scores, ReadOnlySpan<long> times, AlertBudget budget)
    {
        ArgumentNullException.ThrowIfNull(budget);
        if (budget.BlocksPerDay < 1 || budget.AlertsPerDay < budget.BlocksPerDay)
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"The alert budget is {budget.AlertsPerDay} alerts a day, {budget.BlocksPerDay} of them blocked; expected at least one block and no more blocks than alerts.");
        }

        if (scores.Length == 0 || scores.Length != times.Length)
        {
            throw new ArgumentException($"There are {scores.Length} scores and {times.Length} times; expected as many, and at least one.", nameof(scores));
        }

        var review = LowestWithin(scores, times, budget.AlertsPerDay);

        // A score level that is too wide for both budgets gives both the same threshold: block keeps a band of its own above it.
        var block = Math.Max(LowestWithin(scores, times, budget.BlocksPerDay), MathF.BitIncrement(review));
        var days = CountDays(times);
        return new DecisionThresholds(
            output,
            [new Decision(Allow, 0), new Decision(Review, review), new Decision(Block, block)],
            $"lowest scores that give at most {budget.AlertsPerDay} alerts (review or block) and at most {budget.BlocksPerDay} blocks {(days == 1 ? "among the" : $"on each of {days} validation days,")} "
            + $"{scores.Length} validation rows{(days == 1 ? "" : " in all")}, before the model was fitted again on the whole training period");
    }

    /// <summary>The threshold of block with the smallest cost on validation rows: below it rows are allowed.</summary>
    /// <param name="output">Name of the model's output whose value decides.</param>
    /// <param name="scores">Scores of the validation rows.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="falseAlarmCost">Cost of a negative row that is blocked; above 0.</param>
    /// <param name="missCost">Cost of a positive row that is allowed; above 0.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a cost is not above 0.</exception>
    /// <exception cref="ArgumentException">Lengths differ, a score is NaN, or there are no rows.</exception>
    public static DecisionThresholds ChooseByCost(string output, ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, double falseAlarmCost, double missCost)
    {
        if (falseAlarmCost is not (> 0 and < double.PositiveInfinity) || missCost is not (> 0 and < double.PositiveInfinity))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The costs are {falseAlarmCost} for a false alarm and {missCost} for a miss; expected numbers above 0.");
        }

        BinaryMetrics.Check(scores, labels);
        if (scores.IsEmpty)
        {
            throw new ArgumentException("There are no rows to choose a threshold on.", nameof(scores));
        }

        var (sorted, truth) = (scores.ToArray(), labels.ToArray());
        Array.Sort(sorted, truth);

        // From blocking nothing downwards, one score level at a time; of equal costs the higher threshold blocks fewer.
        var cost = missCost * truth.LongCount(static label => label);
        var (least, threshold) = (cost, MathF.BitIncrement(sorted[^1]));
        for (var row = sorted.Length - 1; row >= 0; row--)
        {
            cost += truth[row] ? -missCost : falseAlarmCost;
            if ((row == 0 || sorted[row - 1] != sorted[row]) && cost < least && sorted[row] > 0)
            {
                (least, threshold) = (cost, sorted[row]);
            }
        }

        return new DecisionThresholds(
            output,
            [new Decision(Allow, 0), new Decision(Block, threshold)],
            FormattableString.Invariant(
                $"smallest cost on {sorted.Length} validation rows, a false alarm at {falseAlarmCost:0.####} and a miss at {missCost:0.####}: {least / sorted.Length:0.######} per row"));
    }

    private static float LowestWithin(ReadOnlySpan<float> scores, ReadOnlySpan<long> times, int perDay)
    {
        var days = new Dictionary<long, List<float>>();
        for (var row = 0; row < scores.Length; row++)
        {
            var day = UtcDay.Of(times[row]);
            if (!days.TryGetValue(day, out var list))
            {
                days.Add(day, list = []);
            }

            list.Add(scores[row]);
        }

        // On a day with more rows than the budget the threshold lies above the first score that no longer fits, and so above its ties.
        var excluded = float.Epsilon;
        foreach (var day in days.Values.Where(day => day.Count > perDay))
        {
            day.Sort();
            excluded = Math.Max(excluded, day[^(perDay + 1)]);
        }

        var lowest = float.PositiveInfinity;
        foreach (var score in scores)
        {
            lowest = score > excluded ? Math.Min(lowest, score) : lowest;
        }

        return float.IsFinite(lowest) ? lowest : MathF.BitIncrement(excluded);
    }

    private static int CountDays(ReadOnlySpan<long> times)
    {
        var days = new HashSet<long>();
        foreach (var time in times)
        {
            days.Add(UtcDay.Of(time));
        }

        return days.Count;
    }
}
