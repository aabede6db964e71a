using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Counts of the moderation stream: instruments of the meter <c>ZeroWorld.ML.Pipelines</c>. Thread safe.</summary>
public static class ModerationMetrics
{
    private static readonly Meter Meter = new("ZeroWorld.ML.Pipelines");
    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>("zeroworld.moderation.decisions", "{decision}", "Decisions by action and label.");
    private static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>("zeroworld.moderation.dead_letters", "{item}", "Items that could not be decided about.");
    private static readonly Histogram<double> Lag = Meter.CreateHistogram(
        "zeroworld.moderation.lag",
        "s",
        "Time from an item's arrival in the stream to its decision.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600] });

    private static long _waiting = -1;
    private static long _taken = -1;

    static ModerationMetrics()
    {
        Meter.CreateObservableGauge("zeroworld.moderation.waiting", static () => Observe(ref _waiting), "{item}", "Entries of the stream that no worker of the group has taken, as of the last second.");
        Meter.CreateObservableGauge("zeroworld.moderation.taken", static () => Observe(ref _taken), "{item}", "Entries that workers of the group have taken and not finished.");
    }

    /// <summary>A decision that is in force.</summary>
    public static void Decided(ModerationDecision decision) => Decisions.Add(
        1, new KeyValuePair<string, object?>("action", decision.Action), new KeyValuePair<string, object?>("label", decision.Label ?? "none"));

    /// <summary>An item that nobody can decide about.</summary>
    public static void Refused() => DeadLetters.Add(1);

    /// <param name="decision"><see langword="null"/> for a poison item.</param>
    internal static void Finished(ModerationDecision? decision, TimeSpan lag)
    {
        if (decision is null)
        {
            Refused();
        }
        else
        {
            Decided(decision);
        }

        Lag.Record(Math.Max(0, lag.TotalSeconds));
    }

    internal static void Waiting(long waiting, long taken)
    {
        Volatile.Write(ref _waiting, waiting);
        Volatile.Write(ref _taken, taken);
    }

    // Nothing is known before a stream was looked at.
    private static IEnumerable<Measurement<long>> Observe(ref long value) => Volatile.Read(ref value) is >= 0 and var count ? [new Measurement<long>(count)] : [];
}
