using System.Runtime.CompilerServices;

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
        Last = moments.Length == 0 ? long.MinValue : moments.Max();
    }

    public KeyTable Keys { get; }

    /// <summary>Per entity the number of its first moment; one more than there are entities.</summary>
    public int[] Starts { get; }

    /// <summary>Moments q, entity by entity, ascending and distinct within an entity.</summary>
    public long[] Moments { get; }

    /// <summary>Per row of the range the number of its moment; -1 where a key is null.</summary>
    public int[] MomentOfRow { get; }

    /// <summary>The latest of all moments; <see cref="long.MinValue"/> where there is none.</summary>
    public long Last { get; }

    /// <param name="keys">Columns of the spine that make the key.</param>
    public static SpineMoments Read(
        DuckDbSession session, SpineTable spine, SpineRange range, IReadOnlyList<(int Column, FeatureType Type)> keys, int threads, CancellationToken cancellationToken)
    {
        var table = new KeyTable([.. keys.Select(static key => key.Type)]);
        var (entities, times) = (LargeArray.Create<int>(range.Count), LargeArray.Create<long>(range.Count));
        SourceSlice[] slices = [.. spine.SlicesOf(range)];
        using (session.LimitThreads(1))
        {
            var next = -1;
            Parallelism.Run(Math.Clamp(slices.Length, 1, threads), _ =>
            {
                while (Interlocked.Increment(ref next) is var index && index < slices.Length)
                {
                    var (slice, first) = (slices[index], (int)(slices[index].First - range.First));
                    using var rows = spine.Read(session, slice, keys.Select(static key => $"k{key.Column}"), cancellationToken);
                    Take(rows, table, entities.AsSpan(first, (int)slice.Rows), times.AsSpan(first, (int)slice.Rows));
                }
            });
        }

        return Sort(table, entities, times, threads);
    }

    private static void Take(SpineRows rows, KeyTable table, Span<int> entities, Span<long> times)
    {
        for (var done = 0; rows.Read(); done += rows.Vectors.Count)
        {
            rows.Vectors.Column(SpineRows.TimeOrdinal).Int64.CopyTo(times[done..]);
            table.Number(rows.Vectors, SpineRows.FirstOrdinal, entities.Slice(done, rows.Vectors.Count), add: true);
        }
    }

    // Rows are counted into their entities, then each entity's rows are sorted by time.
    private static SpineMoments Sort(KeyTable keys, int[] entities, long[] times, int threads)
    {
        var (starts, sorted, order) = Group(keys.Count, entities, times, threads);
        Array.Fill(entities, -1);
        var counts = new int[keys.Count + 1];
        Parallelism.RunPieces(threads, keys.Count, (from, to) =>
        {
            for (var entity = from; entity < to; entity++)
            {
                var (first, count) = (starts[entity], starts[entity + 1] - starts[entity]);
                var some = sorted.AsSpan(first, count);
                some.Sort(order.AsSpan(first, count));
                counts[entity + 1] = CountDistinct(some);
            }
        });
        for (var entity = 0; entity < keys.Count; entity++)
        {
            counts[entity + 1] += counts[entity];
        }

        var moments = LargeArray.Create<long>(counts[^1]);
        Parallelism.RunPieces(threads, keys.Count, (from, to) =>
        {
            for (var entity = from; entity < to; entity++)
            {
                var moment = counts[entity] - 1;
                for (var at = starts[entity]; at < starts[entity + 1]; at++)
                {
                    if (at == starts[entity] || sorted[at] != sorted[at - 1])
                    {
                        moments[++moment] = sorted[at];
                    }

                    entities[order[at]] = moment;
                }
            }
        });
        return new SpineMoments(keys, counts, moments, entities);
    }

    // Times and rows entity by entity, in the order of the rows. Each part of the rows has places of its own within an entity, so that all parts go at once.
    private static (int[] Starts, long[] Times, int[] Order) Group(int keys, int[] entities, long[] times, int threads)
    {
        var parts = entities.Length / 8 < keys ? 1 : threads;
        var next = Enumerable.Range(0, parts).Select(_ => new int[keys]).ToArray();
        var ends = Enumerable.Range(0, parts + 1).Select(part => (int)((long)entities.Length * part / parts)).ToArray();
        Parallelism.Run(parts, part =>
        {
            foreach (var entity in entities.AsSpan(ends[part]..ends[part + 1]))
            {
                if (entity >= 0)
                {
                    next[part][entity]++;
                }
            }
        });
        var starts = new int[keys + 1];
        for (var entity = 0; entity < keys; entity++)
        {
            starts[entity + 1] = starts[entity];
            foreach (var places in next)
            {
                (places[entity], starts[entity + 1]) = (starts[entity + 1], starts[entity + 1] + places[entity]);
            }
        }

        var (sorted, order) = (LargeArray.Create<long>(starts[^1]), LargeArray.Create<int>(starts[^1]));
        Parallelism.Run(parts, part =>
        {
            var places = next[part];
            for (var row = ends[part]; row < ends[part + 1]; row++)
            {
                if (entities[row] >= 0)
                {
                    var at = places[entities[row]]++;
                    (sorted[at], order[at]) = (times[row], row);
                }
            }
        });
        return (starts, sorted, order);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountDistinct(ReadOnlySpan<long> sorted)
    {
        var count = sorted.IsEmpty ? 0 : 1;
        for (var at = 1; at < sorted.Length; at++)
        {
            count += sorted[at] != sorted[at - 1] ? 1 : 0;
        }

        return count;
    }
}
