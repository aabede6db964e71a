using System.Numerics;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Source rows on their way to the moments of a spine, gathered by parts of its entities.</summary>
/// <remarks>
/// Rows of a table come for any entity, and what a spine knows of its entities is greater than a processor's cache. What it knows of one part is not: its rows
/// wait until they are many, then meet it together, one thread at a time. Which part a row waits in, and with which others, is no matter for who wins.
/// </remarks>
internal sealed class ArrivalParts
{
    /// <summary>What the spine knows of one part's entities, in bytes: a quarter of a usual second-level cache.</summary>
    private const int PartBytes = 1 << 18;

    private const int MomentBytes = 32;
    private const int WorkerBytesMin = 1 << 19;
    private const int WorkerBytesMax = 1 << 25;
    private const int PartsMin = 64;
    private const int PartsMax = 1024;
    private const int WaitingMax = 4096;

    private readonly TakeArrivals _take;
    private readonly Lock[] _locks;
    private readonly int _shift;
    private readonly int _waitingMax;

    // Per worker all parts' rows, one part's behind the other's, and how many of each wait.
    private readonly Arrival[][] _waiting;
    private readonly int[][] _counts;

    /// <param name="spine">Whose entities they are.</param>
    /// <param name="workers">Threads that add.</param>
    /// <param name="bytes">What all rows that wait may take: the more of them meet at once, the more often is what they meet in the cache.</param>
    /// <param name="take">Called with rows of one part, from one thread at a time for each part.</param>
    public ArrivalParts(SpineMoments spine, int workers, long bytes, TakeArrivals take)
    {
        _take = take;
        var parts = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp((long)spine.Moments.Length * MomentBytes / PartBytes, PartsMin, PartsMax));
        _shift = Math.Max(0, BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(spine.Keys.Count, 1))) - BitOperations.Log2((uint)parts));
        _locks = [.. Enumerable.Range(0, (spine.Keys.Count >> _shift) + 1).Select(static _ => new Lock())];
        _waitingMax = (int)Math.Clamp(Math.Clamp(bytes / workers, WorkerBytesMin, WorkerBytesMax) / Unsafe.SizeOf<Arrival>() / _locks.Length, 1, WaitingMax);
        _waiting = [.. Enumerable.Range(0, workers).Select(_ => LargeArray.Create<Arrival>(_locks.Length * _waitingMax))];
        _counts = [.. Enumerable.Range(0, workers).Select(_ => new int[_locks.Length])];
    }

    /// <param name="worker">Number of the caller, whose calls are one after the other.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int worker, in Arrival arrival)
    {
        var part = arrival.Entity >> _shift;
        ref var count = ref _counts[worker][part];
        _waiting[worker][(part * _waitingMax) + count] = arrival;
        if (++count == _waitingMax)
        {
            Take(worker, part);
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
        var arrivals = _waiting[worker].AsSpan(part * _waitingMax, _counts[worker][part]);
        lock (_locks[part])
        {
            _take(arrivals);
        }

        _counts[worker][part] = 0;
    }
}

/// <summary>Takes rows of some entities.</summary>
internal delegate void TakeArrivals(ReadOnlySpan<Arrival> arrivals);

/// <summary>A source row of an entity of the spine.</summary>
/// <param name="EventTime">Microseconds.</param>
/// <param name="CreatedTime">Microseconds.</param>
/// <param name="Row">Number of the row plus 1.</param>
/// <param name="Entity">Number of its entity.</param>
internal readonly record struct Arrival(long EventTime, long CreatedTime, long Row, int Entity);
