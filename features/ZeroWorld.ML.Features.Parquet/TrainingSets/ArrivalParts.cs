using System.Numerics;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Source rows on their way to the moments of a spine, gathered by parts of its entities.</summary>
/// <remarks>
/// Rows of a table come for any entity, and what a spine knows of its entities is greater than a processor's cache. What it knows of one part is not: its rows
/// wait until they are many, then meet it together, one thread at a time. Which part a row waits in, and with which others, is no matter for who wins.
/// </remarks>
internal sealed unsafe class ArrivalParts
{
    /// <summary>What the spine knows of one part's entities, in bytes: a quarter of a usual second-level cache.</summary>
    private const int PartBytes = 1 << 18;

    private const int MomentBytes = 32;
    private const int WorkerBytesMin = 1 << 19;
    private const int WorkerBytesMax = 3 << 23;
    private const int PartsMin = 64;
    private const int PartsMax = 1024;
    private const int WaitingMax = 4096;

    private readonly TakeArrivals _take;
    private readonly Lock[] _locks;
    private readonly int _shift;
    private readonly int _waitingMax;

    // Per worker all parts' rows, one part's behind the other's, and how many of each wait.
    private readonly int[][] _counts;
    private Arrival* _waiting;

    /// <param name="spine">Whose entities they are.</param>
    /// <param name="workers">Threads that add.</param>
    /// <param name="bytes">What all rows that wait may take: the more of them meet at once, the more often is what they meet in the cache.</param>
    /// <param name="take">Called with rows of one part, from one thread at a time for each part.</param>
    /// <remarks>Nothing is added before <see cref="Use"/>.</remarks>
    public ArrivalParts(SpineMoments spine, int workers, long bytes, TakeArrivals take)
    {
        _take = take;
        var parts = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp((long)spine.Moments.Length * MomentBytes / PartBytes, PartsMin, PartsMax));
        _shift = Math.Max(0, BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(spine.Keys.Count, 1))) - BitOperations.Log2((uint)parts));
        _locks = [.. Enumerable.Range(0, (spine.Keys.Count >> _shift) + 1).Select(static _ => new Lock())];
        _waitingMax = (int)Math.Clamp(Math.Clamp(bytes / workers, WorkerBytesMin, WorkerBytesMax) / Unsafe.SizeOf<Arrival>() / _locks.Length, 1, WaitingMax);
        _counts = [.. Enumerable.Range(0, workers).Select(_ => new int[_locks.Length])];
    }

    /// <summary>Bytes of the rows that wait.</summary>
    public long WaitingBytes => (long)_counts.Length * WorkerRows * sizeof(Arrival);

    private int WorkerRows => _locks.Length * _waitingMax;

    /// <param name="memory">Where rows wait, as many bytes as <see cref="WaitingBytes"/>, whatever lies in them.</param>
    public void Use(nint memory) => _waiting = (Arrival*)memory;

    /// <param name="worker">Number of the caller, whose calls are one after the other.</param>
    /// <param name="entities">Per row its entity; below 0: the row is left out.</param>
    /// <param name="rows">Per row its number.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int worker, ReadOnlySpan<int> entities, ReadOnlySpan<long> eventTimes, ReadOnlySpan<long> createdTimes, ReadOnlySpan<long> rows)
    {
        var waiting = _waiting + ((long)worker * WorkerRows);
        var (counts, shift, most) = (_counts[worker], _shift, _waitingMax);
        for (var row = 0; row < entities.Length; row++)
        {
            var entity = entities[row];
            if (entity < 0)
            {
                continue;
            }

            var part = entity >> shift;
            ref var count = ref counts[part];
            var place = waiting + (part * most) + count;

            // Value by value: as a whole they would wait for one another.
            place->EventTime = eventTimes[row];
            place->CreatedTime = createdTimes[row];
            place->Place = Arrival.PlaceOf(rows[row], entity - (part << shift));
            if (++count == most)
            {
                Take(worker, part);
            }
        }
    }

    /// <summary>Hands on what still waits, once no worker adds any more.</summary>
    public void Complete() => Parallelism.Run(_counts.Length, worker =>
    {
        for (var part = 0; part < _locks.Length; part++)
        {
            Take(worker, part);
        }
    });

    private void Take(int worker, int part)
    {
        var arrivals = new ReadOnlySpan<Arrival>(_waiting + ((long)worker * WorkerRows) + (part * _waitingMax), _counts[worker][part]);
        lock (_locks[part])
        {
            _take(arrivals, part << _shift, worker);
        }

        _counts[worker][part] = 0;
    }
}

/// <summary>Takes rows of some entities, from the worker of the given number.</summary>
/// <param name="first">The number of the entity from which theirs are counted.</param>
internal delegate void TakeArrivals(ReadOnlySpan<Arrival> arrivals, int first, int worker);

/// <summary>A source row of an entity of the spine.</summary>
internal struct Arrival
{
    // An entity's number within its part: no spine has as many parts' entities as would need more.
    private const int EntityBits = 24;

    /// <summary>Microseconds.</summary>
    public long EventTime;

    /// <summary>Microseconds.</summary>
    public long CreatedTime;

    /// <summary>By <see cref="PlaceOf"/>.</summary>
    public long Place;

    /// <summary>Number of the row plus 1.</summary>
    public readonly long Row => Place >> EntityBits;

    /// <summary>Number of its entity in its part.</summary>
    public readonly int Entity => (int)Place & ((1 << EntityBits) - 1);

    /// <summary>When it could be seen first.</summary>
    public readonly long Time => Math.Max(EventTime, CreatedTime);

    /// <param name="row">Its number: no table has 2^39 rows.</param>
    /// <param name="entity">Number of its entity in its part.</param>
    public static long PlaceOf(long row, int entity) => ((row + 1) << EntityBits) | (uint)entity;
}
