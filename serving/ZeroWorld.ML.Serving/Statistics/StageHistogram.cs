namespace ZeroWorld.ML.Serving;

/// <summary>Durations of one stage, or of whole requests, in the buckets of a Prometheus histogram.</summary>
/// <param name="Stage"><see langword="null"/>: whole requests.</param>
/// <param name="Buckets">Durations up to each bound of <see cref="StageHistograms.BoundsSeconds"/> and above the one before; then those above the last.</param>
/// <param name="Nanoseconds">All durations together.</param>
public sealed record StageHistogram(RequestStage? Stage, IReadOnlyList<long> Buckets, long Nanoseconds)
{
    /// <summary>How many durations there are.</summary>
    public long Count => Buckets.Sum();
}
