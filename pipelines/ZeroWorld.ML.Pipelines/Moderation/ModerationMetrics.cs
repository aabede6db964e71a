using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Counts of the moderation stream.</summary>
internal static class ModerationMetrics
{
    private static readonly Meter Meter = new("ZeroWorld.ML.Pipelines");
    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>("zeroworld.moderation.decisions", "{decision}", "Decisions by action and label.");
    private static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>("zeroworld.moderation.dead_letters", "{item}", "Items that could not be decided about.");
    private static readonly Histogram<double> Lag = Meter.CreateHistogram<double>("zeroworld.moderation.lag", "s", "Time from an item's arrival in the stream to its decision.");

    public static void Decided(ModerationDecision decision) => Decisions.Add(
        1, new KeyValuePair<string, object?>("action", decision.Action), new KeyValuePair<string, object?>("label", decision.Label ?? "none"));

    public static void Refused() => DeadLetters.Add(1);

    public static void Behind(TimeSpan lag) => Lag.Record(Math.Max(0, lag.TotalSeconds));
}
