using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A range of spine rows as one entity's keys see it: the entities, and the distinct moments at which each is read, in order.</summary>
/// <remarks>Immutable and thread safe once made, until it is disposed. Views of equal keys share it. About 24 bytes per row and 24 per entity.</remarks>
internal sealed class SpineMoments : IDisposable
{
    // Entities that are worth a piece of work of their own: each has rows.
    private const int EntitiesMin = 1 << 8;

    // Rows with a key, entity by entity and by their times; and the moment of each, where that is not its place among them.
    private readonly NativeArray<int> _rows;
    private readonly NativeArray<int>? _momentOfPlace;

    private SpineMoments(KeyTable keys, int[] starts, NativeArray<long> moments, NativeArray<long> times, NativeArray<int> rows, NativeArray<int>? momentOfPlace)
    {
        Keys = keys;
        Starts = starts;
        Moments = moments;
        Times = times;
        (_rows, _momentOfPlace) = (rows, momentOfPlace);
        Last = moments.Length == 0 ? long.MinValue : Greatest(moments.Span);
    }

    public KeyTable Keys { get; }

    /// <summary>Per entity the number of its first moment; one more than there are entities.</summary>
    public int[] Starts { get; }

    /// <summary>Moments q, entity by entity, ascending and distinct within an entity.</summary>
    public NativeArray<long> Moments { get; }

    /// <summary>Per row of the range its time q. Whoever has read all disposes it: rows are made when moments are no more needed.</summary>
    public NativeArray<long> Times { get; }

    /// <summary>The latest of all moments; <see cref="long.MinValue"/> where there is none.</summary>
    public long Last { get; }

    /// <param name="keys">Columns of the spine that make the key.</param>
    public static SpineMoments Read(
        DuckDbSession session, SpineTable spine, SpineRange range, IReadOnlyList<(int Column, FeatureType Type)> keys, int threads, CancellationToken cancellationToken)
    {
        var table = new KeyTable([.. keys.Select(static key => key.Type)], range.Count);
        var (entities, times) = (new NativeArray<int>(range.Count), new NativeArray<long>(range.Count));
        spine.Visit(
            session, range, [.. keys.Select(static key => $"k{key.Column}")],
            (first, rows) =>
            {
                rows.Column(SpineRows.TimeOrdinal).Int64.CopyTo(times.Span[first..]);
                table.Number(rows, SpineRows.FirstOrdinal, entities.Span.Slice(first, rows.Count), add: true);
            },
            cancellationToken);
        return Sort(table, entities, times, threads);
    }

    /// <summary>Gives each row of the range what belongs to its moment.</summary>
    /// <param name="of">What belongs to a moment; asked from any thread.</param>
    /// <param name="ofNone">For rows where a key is null.</param>
    public NativeArray<T> Spread<T, TValues>(TValues of, T ofNone, int threads)
        where T : unmanaged
        where TValues : struct, IMomentValues<T>
    {
        var values = new NativeArray<T>(Times.Length);
        if (_rows.Length < values.Length)
        {
            values.Span.Fill(ofNone);
        }

        Parallelism.RunPieces(threads, _rows.Length, (from, to) => Spread(of, values.Span, from, to));
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Spread<T, TValues>(TValues of, Span<T> values, int from, int to)
        where T : unmanaged
        where TValues : struct, IMomentValues<T>
    {
        var rows = _rows.Span[from..to];
        if (_momentOfPlace is null)
        {
            for (var place = 0; place < rows.Length; place++)
            {
                values[rows[place]] = of.Of(from + place);
            }

            return;
        }

        var moments = _momentOfPlace.Span[from..to];
        for (var place = 0; place < rows.Length; place++)
        {
            values[rows[place]] = of.Of(moments[place]);
        }
    }

    /// <summary>Nothing but the times can be asked any more.</summary>
    public void Dispose()
    {
        Moments.Dispose();
        _rows.Dispose();
        _momentOfPlace?.Dispose();
    }

    // Rows are counted into their entities, then each entity's rows are sorted by time.
    private static SpineMoments Sort(KeyTable keys, NativeArray<int> entities, NativeArray<long> times, int threads)
    {
        var (starts, sorted, order) = Group(keys.Count, entities, times, threads);
        var counts = new int[keys.Count + 1];
        Parallelism.RunPieces(threads, keys.Count, (from, to) =>
        {
            var sorter = new TimeSorter();
            for (var entity = from; entity < to; entity++)
            {
                var (first, count) = (starts[entity], starts[entity + 1] - starts[entity]);
                var some = sorted.Span.Slice(first, count);
                sorter.Sort(some, order.Span.Slice(first, count));
                counts[entity + 1] = CountDistinct(some);
            }
        }, EntitiesMin);
        for (var entity = 0; entity < keys.Count; entity++)
        {
            counts[entity + 1] += counts[entity];
        }

        // Where no two rows of an entity have one time, each is a moment of its own.
        if (counts[^1] == sorted.Length)
        {
            entities.Dispose();
            return new SpineMoments(keys, counts, sorted, times, order, null);
        }

        var moments = Distinct(starts, counts, sorted, entities, threads);
        sorted.Dispose();
        return new SpineMoments(keys, counts, moments, times, order, entities);
    }

    // Entities are not needed any more: in their place goes the moment of each sorted time.
    private static NativeArray<long> Distinct(int[] starts, int[] counts, NativeArray<long> sortedTimes, NativeArray<int> momentOfPlaces, int threads)
    {
        var all = new NativeArray<long>(counts[^1]);
        Parallelism.RunPieces(threads, counts.Length - 1, (from, to) =>
        {
            var sorted = sortedTimes.Span;
            var moments = all.Span;
            var momentOfPlace = momentOfPlaces.Span;
            for (var entity = from; entity < to; entity++)
            {
                var moment = counts[entity] - 1;
                for (var at = starts[entity]; at < starts[entity + 1]; at++)
                {
                    if (at == starts[entity] || sorted[at] != sorted[at - 1])
                    {
                        moments[++moment] = sorted[at];
                    }

                    momentOfPlace[at] = moment;
                }
            }
        });
        return all;
    }

    // Times and rows entity by entity, in the order of the rows. Each part of the rows has places of its own within an entity, so that all parts go at once.
    private static (int[] Starts, NativeArray<long> Times, NativeArray<int> Order) Group(int keys, NativeArray<int> entities, NativeArray<long> times, int threads)
    {
        var parts = entities.Length / 8 < keys ? 1 : threads;
        var next = Enumerable.Range(0, parts).Select(_ => new int[keys]).ToArray();
        var ends = Enumerable.Range(0, parts + 1).Select(part => (int)((long)entities.Length * part / parts)).ToArray();
        Parallelism.Run(parts, part =>
        {
            var counts = next[part];
            foreach (var entity in entities.Span[ends[part]..ends[part + 1]])
            {
                if (entity >= 0)
                {
                    counts[entity]++;
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

        var (sorted, order) = (new NativeArray<long>(starts[^1]), new NativeArray<int>(starts[^1]));
        Parallelism.Run(parts, part => Place(entities.Span, times.Span, ends[part], ends[part + 1], next[part], sorted.Span, order.Span));
        return (starts, sorted, order);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Place(ReadOnlySpan<int> entities, ReadOnlySpan<long> times, int from, int to, int[] places, Span<long> sorted, Span<int> order)
    {
        for (var row = from; row < to; row++)
        {
            if (entities[row] >= 0)
            {
                var at = places[entities[row]]++;
                (sorted[at], order[at]) = (times[row], row);
            }
        }
    }

    private static long Greatest(ReadOnlySpan<long> values)
    {
        var greatest = long.MinValue;
        foreach (var value in values)
        {
            greatest = Math.Max(greatest, value);
        }

        return greatest;
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

/// <summary>What belongs to each moment of a spine.</summary>
internal interface IMomentValues<T>
{
    T Of(int moment);
}
