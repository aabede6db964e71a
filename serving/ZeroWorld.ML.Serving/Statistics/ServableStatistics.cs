using System.Collections.Concurrent;
using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>Counts the requests and runs of one servable, from its load on.</summary>
/// <remarks>
/// Every request that reached the servable ends in exactly one of <see cref="RecordSuccess"/> and <see cref="RecordFailure"/>, so the two add up to the requests.
/// <para>Thread safe. Counters are striped by processor: a request adds to memory that no other core writes at that moment.</para>
/// </remarks>
internal sealed class ServableStatistics
{
    private const int Successes = 0;
    private const int SuccessTicks = 1;
    private const int Failures = 2;
    private const int FailureTicks = 3;
    private const int QueueTicks = 4;
    private const int InputTicks = 5;
    private const int InferTicks = 6;
    private const int OutputTicks = 7;
    private const int Rows = 8;
    private const int Runs = 9;

    // By RefusalReason: 10 to 13.
    private const int Reasons = 10;

    // A whole number of cache lines, and of the pairs of lines that processors fetch together.
    private const int StripeLength = 16;
    private const int StripesMax = 16;

    private readonly TimeProvider _time;
    private readonly int _mask;
    private readonly long[] _counters;

    // At most one entry per size of a run, which the options bound.
    private readonly ConcurrentDictionary<int, SizeCounters> _sizes = new();
    private StageHistograms? _predictions;
    private StageHistograms? _recommendations;
    private long _lastTimestamp;

    // Of few versions, and beside a digest of the inputs not worth stripes.
    private long _cacheHits;
    private long _cacheHitTicks;
    private long _cacheMisses;
    private long _cacheMissTicks;

    public ServableStatistics(TimeProvider time)
    {
        _time = time;
        var stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, StripesMax));
        _mask = stripes - 1;

        // One stripe more, so that neither the array's header nor what lies behind it shares a line with a counter.
        _counters = new long[(stripes + 1) * StripeLength];
    }

    /// <summary>Requests with tensors, by stage.</summary>
    public StageHistograms Inferences { get; } = new(RequestKind.Infer);

    /// <summary>Predictions by entity, by stage. Most models are never asked for one.</summary>
    public StageHistograms Predictions => _predictions ?? Interlocked.CompareExchange(ref _predictions, new StageHistograms(RequestKind.Predict), null) ?? _predictions;

    /// <summary>Recommendations, by stage. Only recommenders are asked for them.</summary>
    public StageHistograms Recommendations =>
        _recommendations ?? Interlocked.CompareExchange(ref _recommendations, new StageHistograms(RequestKind.Recommend), null) ?? _recommendations;

    /// <param name="started">Timestamp of <see cref="Stopwatch"/> at the request's arrival.</param>
    public void RecordSuccess(int rows, long started, in RunTimes times)
    {
        var now = Stopwatch.GetTimestamp();
        var stripe = Stripe();
        Interlocked.Increment(ref stripe[Successes]);
        Interlocked.Add(ref stripe[SuccessTicks], now - started);
        Interlocked.Add(ref stripe[QueueTicks], times.Queue);
        Interlocked.Add(ref stripe[InputTicks], times.Input);
        Interlocked.Add(ref stripe[InferTicks], times.Infer);
        Interlocked.Add(ref stripe[OutputTicks], times.Output);
        Interlocked.Add(ref stripe[Rows], rows);
        Volatile.Write(ref _lastTimestamp, now);
    }

    /// <summary>Counts a request that is answered, by <see cref="RecordSuccess"/> too, without a run.</summary>
    /// <param name="ticks">Of looking for the answer.</param>
    public void RecordCacheHit(long ticks)
    {
        Interlocked.Increment(ref _cacheHits);
        Interlocked.Add(ref _cacheHitTicks, ticks);
    }

    /// <summary>Counts a request of a version whose answers are kept that had a run.</summary>
    /// <param name="ticks">Of looking for the answer and of keeping it.</param>
    public void RecordCacheMiss(long ticks)
    {
        Interlocked.Increment(ref _cacheMisses);
        Interlocked.Add(ref _cacheMissTicks, ticks);
    }

    /// <param name="started">Timestamp of <see cref="Stopwatch"/> at the request's arrival.</param>
    public void RecordFailure(long started, RefusalReason reason)
    {
        var now = Stopwatch.GetTimestamp();
        var stripe = Stripe();
        Interlocked.Increment(ref stripe[Reasons + (int)reason]);
        Interlocked.Increment(ref stripe[Failures]);
        Interlocked.Add(ref stripe[FailureTicks], now - started);
        Volatile.Write(ref _lastTimestamp, now);
    }

    /// <summary>Counts a run whose outputs were given to its requests.</summary>
    public void RecordRun(int rows, in RunTimes times)
    {
        Interlocked.Increment(ref Stripe()[Runs]);
        var size = _sizes.GetOrAdd(rows, static _ => new SizeCounters());
        Interlocked.Increment(ref size.Runs);
        Interlocked.Add(ref size.InputTicks, times.Input);
        Interlocked.Add(ref size.InferTicks, times.Infer);
        Interlocked.Add(ref size.OutputTicks, times.Output);
    }

    public StatisticsSnapshot Read()
    {
        var successes = Sum(Successes);
        var last = Volatile.Read(ref _lastTimestamp);
        var hits = Volatile.Read(ref _cacheHits);
        var runs = Math.Max(0, successes - hits);
        return new StatisticsSnapshot
        {
            LastInferenceTime = last == 0 ? null : _time.GetUtcNow() - Stopwatch.GetElapsedTime(last),
            Rows = Sum(Rows),
            Runs = Sum(Runs),
            Success = new DurationSum(successes, ToNanoseconds(Sum(SuccessTicks))),
            Refusals = [.. Enum.GetValues<RefusalReason>().Select(reason => Sum(Reasons + (int)reason))],
            Inferences = Inferences.Read(),
            Predictions = _predictions?.Read() ?? [],
            Recommendations = _recommendations?.Read() ?? [],
            Failure = new DurationSum(Sum(Failures), ToNanoseconds(Sum(FailureTicks))),
            Queue = new DurationSum(runs, ToNanoseconds(Sum(QueueTicks))),
            Input = new DurationSum(runs, ToNanoseconds(Sum(InputTicks))),
            Infer = new DurationSum(runs, ToNanoseconds(Sum(InferTicks))),
            Output = new DurationSum(runs, ToNanoseconds(Sum(OutputTicks))),
            CacheHit = new DurationSum(hits, ToNanoseconds(Volatile.Read(ref _cacheHitTicks))),
            CacheMiss = new DurationSum(Volatile.Read(ref _cacheMisses), ToNanoseconds(Volatile.Read(ref _cacheMissTicks))),
            Sizes =
            [
                .. _sizes.OrderBy(static pair => pair.Key).Select(static pair => new RunSizeStatistics(
                    pair.Key,
                    Volatile.Read(ref pair.Value.Runs),
                    ToNanoseconds(Volatile.Read(ref pair.Value.InputTicks)),
                    ToNanoseconds(Volatile.Read(ref pair.Value.InferTicks)),
                    ToNanoseconds(Volatile.Read(ref pair.Value.OutputTicks)))),
            ],
        };
    }

    /// <summary>The kind of a failure, as it is counted.</summary>
    public static RefusalReason ReasonOf(Exception exception) => exception switch
    {
        OperationCanceledException or ServingException { Error: ServingError.Cancelled } => RefusalReason.Canceled,
        ServingException { Error: ServingError.Overloaded or ServingError.DeadlineExceeded } => RefusalReason.Rejected,
        ServingException { Error: ServingError.BackendFailed } => RefusalReason.Backend,
        _ => RefusalReason.Other,
    };

    private Span<long> Stripe() => _counters.AsSpan(((Thread.GetCurrentProcessorId() & _mask) + 1) * StripeLength, StripeLength);

    private long Sum(int counter)
    {
        var sum = 0L;
        for (var index = StripeLength + counter; index < _counters.Length; index += StripeLength)
        {
            sum += Volatile.Read(ref _counters[index]);
        }

        return sum;
    }

    private static long ToNanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));

    private sealed class SizeCounters
    {
        public long Runs;
        public long InputTicks;
        public long InferTicks;
        public long OutputTicks;
    }
}
