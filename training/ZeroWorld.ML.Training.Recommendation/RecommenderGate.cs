namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Compares a trained recommender with the one in place, user by user, on the rows that the new one was measured on.</summary>
/// <remarks>
/// A champion must not be judged on rows that it learned from. Where it was measured on the same row itself, that figure counts: it had not seen the row then. A row that is new to it is
/// ranked by it now. A row that it learned from and was not measured on is left out. Pure.
/// </remarks>
public static class RecommenderGate
{
    /// <param name="gate">Confidence and accepted loss.</param>
    /// <param name="champion">The recommender in place, or <see langword="null"/>.</param>
    /// <param name="interactions">What the challenger was trained and measured on.</param>
    /// <param name="challenger">The rows that were held back, with its figures.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting of the gate.</exception>
    public static GateVerdict Judge(
        EvaluationGate gate, RecommenderBundle? champion, InteractionSet interactions, HeldBackRows challenger, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(interactions);
        ArgumentNullException.ThrowIfNull(challenger);
        if (champion is null)
        {
            return EvaluationGate.WithoutChampion;
        }

        var known = new Dictionary<(string User, string Item), float>();
        for (var row = 0; row < champion.HeldBack?.Users.Count; row++)
        {
            known[(champion.Histories.Users[champion.HeldBack.Users[row]], champion.Histories.Items[champion.HeldBack.Items[row]])] = champion.HeldBack.Ndcg[row];
        }

        var (before, after) = (new List<double>(), new List<double>());
        for (var row = 0; row < challenger.Users.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (user, item) = (challenger.Users[row], challenger.Items[row]);
            var value = known.TryGetValue((interactions.Users[user], interactions.Items[item]), out var figure) ? figure : Rank(champion, interactions, user, item);
            if (value is { } champions)
            {
                before.Add(champions);
                after.Add(challenger.Ndcg[row]);
            }
        }

        var cut = Math.Min(10, interactions.ItemCount);
        return before.Count > 0
            ? gate.CompareMeans($"NDCG@{cut}", before.ToArray(), after.ToArray())
            : new GateVerdict(
                false,
                null,
                $"The champion learned from all {challenger.Users.Count} rows that were held back, and was not measured on them: it cannot be compared. Expected at least one newer row.");
    }

    /// <returns><see langword="null"/>: the champion has learned from the row.</returns>
    private static double? Rank(RecommenderBundle champion, InteractionSet interactions, int user, int item)
    {
        var (histories, id) = (champion.Histories, interactions.Items[item]);
        if (!histories.Items.TryGetIndex(id, out var wanted))
        {
            // It can never recommend what it does not know.
            return 0;
        }

        if (histories.Users.TryGetIndex(interactions.Users[user], out var trained) && histories.ItemsOf(trained).Contains(wanted))
        {
            return null;
        }

        var seen = new List<int>();
        foreach (var other in interactions.ItemsOf(user))
        {
            if (other != item && histories.Items.TryGetIndex(interactions.Items[other], out var index))
            {
                seen.Add(index);
            }
        }

        var scores = new float[histories.ItemCount];
        champion.Model.Score(new UserHistory(seen.ToArray()), scores);
        var score = scores[wanted];
        foreach (var index in seen)
        {
            scores[index] = float.NegativeInfinity;
        }

        return UserRanking.Of(scores, [score], Math.Min(10, histories.ItemCount)).Ndcg;
    }
}
