using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Features;

/// <summary>The instruments of streams.</summary>
internal static class StreamMetrics
{
    private static readonly Meter Meter = new("ZeroWorld.ML.Features");

    private static readonly Counter<long> Events = Meter.CreateCounter<long>(
        "zeroworld.features.stream.events", "{event}", "Events that were taken (outcome accepted) or went to the dead letters (refused).");

    private static readonly Histogram<double> Delay = Meter.CreateHistogram(
        "zeroworld.features.stream.delay",
        "s",
        "From the arrival of an event at the broker until it is online; of the oldest event of each batch.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600] });

    private static readonly ConcurrentDictionary<StreamConsumer, TimeProvider> Consumers = [];

    static StreamMetrics()
    {
        Meter.CreateObservableGauge(
            "zeroworld.features.stream.lag", static () => Observe(static (status, _) => status.Lag), "{event}", "Events of a stream that are not committed.");
        Meter.CreateObservableGauge(
            "zeroworld.features.stream.freshness",
            static () => Observe(static (status, now) => status.NewestEvent is { } newest ? (now - newest) / 1e6 : null),
            "s",
            "Age of the newest event of a stream that is online.");
    }

    public static void Watch(StreamConsumer consumer, TimeProvider time)
    {
        // A counter that begins with its first events hides them from whoever asks by how much it grew.
        Events.Add(0, With(consumer.Stream, "accepted"));
        Events.Add(0, With(consumer.Stream, "refused"));
        Consumers[consumer] = time;
    }

    public static void Unwatch(StreamConsumer consumer) => Consumers.TryRemove(consumer, out _);

    public static void Record(EventStream stream, int accepted, int refused, double oldestDelaySeconds)
    {
        Events.Add(accepted, With(stream, "accepted"));
        if (refused > 0)
        {
            Events.Add(refused, With(stream, "refused"));
        }

        Delay.Record(Math.Max(oldestDelaySeconds, 0), new TagList { { "project", stream.Project }, { "stream", stream.Name } });
    }

    private static TagList With(EventStream stream, string outcome) => new() { { "project", stream.Project }, { "stream", stream.Name }, { "outcome", outcome } };

    private static IEnumerable<Measurement<double>> Observe(Func<StreamStatus, long, double?> read)
    {
        foreach (var (consumer, time) in Consumers)
        {
            if (read(consumer.Status, UnixMicroseconds.FromDateTimeOffset(time.GetUtcNow())) is { } value)
            {
                yield return new Measurement<double>(
                    value,
                    new KeyValuePair<string, object?>("project", consumer.Stream.Project),
                    new KeyValuePair<string, object?>("stream", consumer.Stream.Name));
            }
        }
    }
}
