using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Features;

/// <summary>The instruments of the feature store.</summary>
internal static class FeatureMetrics
{
    private static readonly Meter Meter = new("ZeroWorld.ML.Features");

    private static readonly Histogram<double> ReadDuration = Meter.CreateHistogram(
        "zeroworld.features.read.duration",
        "s",
        "One multi-get of the online store.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1] });

    private static readonly Counter<long> ReadsSent = Meter.CreateCounter<long>("zeroworld.features.read.sent", "{read}", "Reads that were sent to the online store; what the cache of online rows answered is not among them.");

    private static readonly Counter<long> ReadsJoined = Meter.CreateCounter<long>("zeroworld.features.read.joined", "{read}", "Reads that shared one that was under way.");

    private static readonly Counter<long> ReadsRefused = Meter.CreateCounter<long>("zeroworld.features.read.refused", "{read}", "Reads that found no room to wait.");

    private static readonly Counter<long> ReadsUnavailable = Meter.CreateCounter<long>(
        "zeroworld.features.read.unavailable", "{read}", "Reads that the online store did not answer, and those that the open circuit did not let through.");

    private static readonly Counter<long> CacheHits = Meter.CreateCounter<long>("zeroworld.features.cache.hits", "{read}", "Reads that the cache of online rows answered.");

    private static readonly Counter<long> CacheMisses = Meter.CreateCounter<long>(
        "zeroworld.features.cache.misses", "{read}", "Reads that went through the cache of online rows to the store.");

    public static void RecordCache(int hits, int misses)
    {
        if (hits > 0)
        {
            CacheHits.Add(hits);
        }

        if (misses > 0)
        {
            CacheMisses.Add(misses);
        }
    }

    /// <param name="sent">Reads that no cache answered; without any there was no multi-get.</param>
    public static void RecordMultiGet(TimeSpan elapsed, int sent, int unavailable)
    {
        if (sent > 0)
        {
            ReadDuration.Record(elapsed.TotalSeconds);
            ReadsSent.Add(sent);
        }

        RecordUnavailable(unavailable);
    }

    public static void RecordJoined(int reads)
    {
        if (reads > 0)
        {
            ReadsJoined.Add(reads);
        }
    }

    public static void RecordRefused(int reads) => ReadsRefused.Add(reads);

    public static void RecordUnavailable(int reads)
    {
        if (reads > 0)
        {
            ReadsUnavailable.Add(reads);
        }
    }
}
