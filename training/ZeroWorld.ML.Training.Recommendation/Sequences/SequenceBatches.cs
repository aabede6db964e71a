namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Histories in batches of about equal length, in a new order each epoch.</summary>
/// <param name="Items">[users, length] row-major, padded on the right with item 0.</param>
/// <param name="Rows">Places of the predictions in <paramref name="Items"/>: row-major positions that have a next item.</param>
/// <param name="Targets">The next items, in the order of <paramref name="Rows"/>.</param>
internal sealed record SequenceBatch(int Users, int Length, long[] Items, long[] Rows, long[] Targets);

internal static class SequenceBatches
{
    // Batches are cut from so many histories sorted by length: about as little padding as a full sort, and still another order each epoch.
    private const int BatchesPerSort = 16;

    internal static IEnumerable<SequenceBatch> Epoch(InteractionSet train, SequenceSettings settings, Random random)
    {
        int[] users = [.. Enumerable.Range(0, train.UserCount).Where(user => train.ItemsOf(user).Length >= 2)];
        random.Shuffle(users);
        foreach (var chunk in users.Chunk(settings.BatchUsers * BatchesPerSort))
        {
            Array.Sort(chunk, (left, right) => (train.ItemsOf(left).Length, left).CompareTo((train.ItemsOf(right).Length, right)));
            var batches = chunk.Chunk(settings.BatchUsers).ToArray();
            random.Shuffle(batches);
            foreach (var batch in batches)
            {
                yield return Of(train, batch, settings.HistoryMax);
            }
        }
    }

    private static SequenceBatch Of(InteractionSet train, int[] users, int historyMax)
    {
        var length = Math.Min(historyMax, users.Max(user => train.ItemsOf(user).Length) - 1);
        var items = new long[users.Length * length];
        var (rows, targets) = (new List<long>(items.Length), new List<long>(items.Length));
        for (var index = 0; index < users.Length; index++)
        {
            var history = train.ItemsOf(users[index]);
            history = history.Length > length + 1 ? history[^(length + 1)..] : history;
            for (var place = 0; place + 1 < history.Length; place++)
            {
                items[(index * length) + place] = history[place];
                rows.Add((index * length) + place);
                targets.Add(history[place + 1]);
            }
        }

        return new SequenceBatch(users.Length, length, items, [.. rows], [.. targets]);
    }
}
