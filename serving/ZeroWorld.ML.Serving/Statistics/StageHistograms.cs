using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>How long the requests of one model version took, whole and by stage.</summary>
/// <remarks>
/// Own counters, not instruments of a meter: a request has up to nine durations, and looking up the tags of nine measurements costs several percent of a small model's request; these cost a tenth
/// of that. Per request the stages add up to the whole, since <see cref="RequestStage.Other"/> is what the others leave.
/// <para>Thread safe; counters are striped by processor as in <see cref="ServableStatistics"/>.</para>
/// </remarks>
public sealed class StageHistograms
{
    private const int StripesMax = 16;
    private const int Whole = 8;
    private const int Families = Whole + 1;

    // 18 buckets and a sum, to whole cache lines.
    private const int Width = 24;
    private const int Sum = 23;
    private const int StripeLength = Families * Width;

    private static readonly double[] Bounds = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    private static readonly long[] BoundTicks = [.. Bounds.Select(static seconds => (long)(seconds * Stopwatch.Frequency))];

    private readonly RequestKind _kind;
    private readonly int _mask;
    private readonly long[] _counters;

    internal StageHistograms(RequestKind kind)
    {
        _kind = kind;
        var stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, StripesMax));
        _mask = stripes - 1;
        _counters = new long[stripes * StripeLength];
    }

    /// <summary>Upper bounds of the buckets, inclusive, ascending, in seconds: from 50 us, as requests of a model on the CPU start well below a millisecond, to 10 s.</summary>
    public static IReadOnlyList<double> BoundsSeconds => Bounds;

    /// <param name="times">Its stages but the last two.</param>
    /// <param name="encode">Ticks of encoding.</param>
    /// <param name="whole">Ticks of the whole request.</param>
    internal void Record(in StageTimes times, long encode, long whole)
    {
        var stripe = _counters.AsSpan((Thread.GetCurrentProcessorId() & _mask) * StripeLength, StripeLength);
        Add(stripe, (int)RequestStage.Decode, times.Decode);
        if (_kind != RequestKind.Infer)
        {
            Add(stripe, (int)RequestStage.Features, times.Features);
        }

        if (!times.IsCached)
        {
            Add(stripe, (int)RequestStage.Queue, times.Run.Queue);
            Add(stripe, (int)RequestStage.Input, times.Run.Input);
            Add(stripe, (int)RequestStage.Infer, times.Run.Infer);
            Add(stripe, (int)RequestStage.Output, times.Run.Output);
        }

        Add(stripe, (int)RequestStage.Encode, encode);

        // A clock may be read on two processors: never less than the parts.
        var parts = times.Sum + encode;
        Add(stripe, (int)RequestStage.Other, Math.Max(0, whole - parts));
        Add(stripe, Whole, Math.Max(whole, parts));
    }

    /// <summary>Every stage that requests of this kind have, in order, then the whole.</summary>
    public IReadOnlyList<StageHistogram> Read()
    {
        var histograms = new List<StageHistogram>(Families);
        for (var family = 0; family < Families; family++)
        {
            if (_kind != RequestKind.Infer || family != (int)RequestStage.Features)
            {
                histograms.Add(Read(family));
            }
        }

        return histograms;
    }

    private StageHistogram Read(int family)
    {
        var buckets = new long[Bounds.Length + 1];
        var ticks = 0L;
        for (var start = family * Width; start < _counters.Length; start += StripeLength)
        {
            for (var bucket = 0; bucket < buckets.Length; bucket++)
            {
                buckets[bucket] += Volatile.Read(ref _counters[start + bucket]);
            }

            ticks += Volatile.Read(ref _counters[start + Sum]);
        }

        return new StageHistogram(family == Whole ? null : (RequestStage)family, buckets, (long)(ticks * (1e9 / Stopwatch.Frequency)));
    }

    private static void Add(Span<long> stripe, int family, long ticks)
    {
        var bounds = BoundTicks;
        var bucket = 0;
        while (bucket < bounds.Length && ticks > bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref stripe[(family * Width) + bucket]);
        if (ticks != 0)
        {
            Interlocked.Add(ref stripe[(family * Width) + Sum], ticks);
        }
    }
}
