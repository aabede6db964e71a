namespace ZeroWorld.ML.Training;

/// <summary>Card precision@k: of the k most suspicious cards of a day, the share that had a fraud that day; the mean over days. Pure functions.</summary>
/// <remarks>
/// As in the Fraud Detection Handbook, chapter 4: a card's score is its greatest of the day, a card that was found on an earlier day is out from the next day on,
/// and the share is of k even where a day has fewer cards. Cards of equal scores are taken in order of card id.
/// </remarks>
public static class CardPrecision
{
    /// <param name="scores">One per row.</param>
    /// <param name="labels">One per row.</param>
    /// <param name="times">Event times, microseconds since the epoch: days are UTC days.</param>
    /// <param name="cards">Card of each row.</param>
    /// <param name="k">Cards that are looked at per day, 1 or more.</param>
    /// <returns>0 to 1; NaN without rows.</returns>
    /// <exception cref="ArgumentException">Lengths differ, or a score is NaN.</exception>
    public static double AtK(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, ReadOnlySpan<long> times, ReadOnlySpan<long> cards, int k)
    {
        BinaryMetrics.Check(scores, labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (times.Length != scores.Length || cards.Length != scores.Length)
        {
            throw new ArgumentException($"There are {scores.Length} scores, {times.Length} times and {cards.Length} cards; expected as many.", nameof(times));
        }

        var days = new SortedDictionary<long, Dictionary<long, (float Score, bool IsFraud)>>();
        for (var row = 0; row < scores.Length; row++)
        {
            var day = UtcDay.Of(times[row]);
            if (!days.TryGetValue(day, out var suspects))
            {
                days.Add(day, suspects = []);
            }

            var isKnown = suspects.TryGetValue(cards[row], out var before);
            suspects[cards[row]] = (isKnown ? Math.Max(before.Score, scores[row]) : scores[row], labels[row] || before.IsFraud);
        }

        var found = new HashSet<long>();
        var sum = 0.0;
        foreach (var suspects in days.Values)
        {
            var hits = suspects.Where(suspect => !found.Contains(suspect.Key))
                .OrderByDescending(static suspect => suspect.Value.Score).ThenBy(static suspect => suspect.Key)
                .Take(k).Where(static suspect => suspect.Value.IsFraud).Select(static suspect => suspect.Key).ToArray();
            found.UnionWith(hits);
            sum += (double)hits.Length / k;
        }

        return sum / days.Count;
    }

    /// <summary>What a perfect model would reach: fewer than k cards a day may have a fraud.</summary>
    /// <inheritdoc cref="AtK"/>
    public static double CeilingAtK(ReadOnlySpan<bool> labels, ReadOnlySpan<long> times, ReadOnlySpan<long> cards, int k)
    {
        var perfect = new float[labels.Length];
        for (var row = 0; row < perfect.Length; row++)
        {
            perfect[row] = labels[row] ? 1 : 0;
        }

        return AtK(perfect, labels, times, cards, k);
    }
}
