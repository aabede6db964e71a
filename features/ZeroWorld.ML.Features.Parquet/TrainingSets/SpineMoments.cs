namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A range of spine rows as one entity's keys see it: the entities, and the distinct moments at which each is read, in order.</summary>
/// <remarks>Immutable and thread safe once made. Views of equal keys share it. About 40 bytes per row and 24 per entity.</remarks>
internal sealed class SpineMoments
{
    private SpineMoments(KeyTable keys, int[] starts, long[] moments, int[] momentOfRow)
    {
        Keys = keys;
        Starts = starts;
        Moments = moments;
        MomentOfRow = momentOfRow;
    }

    public KeyTable Keys { get; }

    /// <summary>Per entity the number of its first moment; one more than there are entities.</summary>
    public int[] Starts { get; }

    /// <summary>Moments q, entity by entity, ascending and distinct within an entity.</summary>
    public long[] Moments { get; }

    /// <summary>Per row of the range the number of its moment; -1 where a key is null.</summary>
    public int[] MomentOfRow { get; }

    public static SpineMoments Read(DuckDbSession session, SpineRange range, IReadOnlyList<(int Column, FeatureType Type)> keys, CancellationToken cancellationToken)
    {
        var table = new KeyTable([.. keys.Select(static key => key.Type)]);
        var (entities, times) = (new int[range.Count], new long[range.Count]);
        var columns = string.Join(", ", keys.Select(static key => $"k{key.Column}"));
        var done = 0;
        using (var rows = session.QueryVectors(
            $"SELECT rowid, q, {columns} FROM {SpineTable.Name} WHERE {range.Condition("rowid")}", cancellationToken))
        {
            while (rows.Read())
            {
                if (rows.Column(0).Int64[0] != range.First + done)
                {
                    throw new InvalidOperationException($"The engine returned spine row {rows.Column(0).Int64[0]} in the place of row {range.First + done}.");
                }

                rows.Column(1).Int64.CopyTo(times.AsSpan(done));
                table.Number(rows, 2, entities.AsSpan(done, rows.Count), add: true);
                done += rows.Count;
            }
        }

        return Sort(table, entities, times);
    }

    // Rows are counted into their entities, then each entity's rows are sorted by time.
    private static SpineMoments Sort(KeyTable keys, int[] entities, long[] times)
    {
        var ends = new int[keys.Count + 1];
        foreach (var entity in entities)
        {
            if (entity >= 0)
            {
                ends[entity + 1]++;
            }
        }

        for (var entity = 0; entity < keys.Count; entity++)
        {
            ends[entity + 1] += ends[entity];
        }

        var (sorted, order) = (new long[ends[^1]], new int[ends[^1]]);
        var next = ends.AsSpan(0, keys.Count).ToArray();
        for (var row = 0; row < entities.Length; row++)
        {
            if (entities[row] >= 0)
            {
                var at = next[entities[row]]++;
                (sorted[at], order[at]) = (times[row], row);
            }
        }

        var starts = new int[keys.Count + 1];
        var moments = 0;
        Array.Fill(entities, -1);
        for (var entity = 0; entity < keys.Count; entity++)
        {
            var (first, count) = (ends[entity], ends[entity + 1] - ends[entity]);
            sorted.AsSpan(first, count).Sort(order.AsSpan(first, count));
            starts[entity] = moments;
            for (var at = first; at < first + count; at++)
            {
                // Written behind where it is read: distinct moments are never more than rows.
                if (at == first || sorted[at] != sorted[moments - 1])
                {
                    sorted[moments++] = sorted[at];
                }

                entities[order[at]] = moments - 1;
            }
        }

        starts[keys.Count] = moments;
        Array.Resize(ref sorted, moments);
        return new SpineMoments(keys, starts, sorted, entities);
    }
}
