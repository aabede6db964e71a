namespace ZeroWorld.ML.Features;

/// <summary>How a stream is doing, as its consumer saw it last.</summary>
/// <param name="State">What the consumer is at.</param>
/// <param name="Accepted">Events that views took since the process started to read the stream; repeats count again.</param>
/// <param name="Refused">Events that went to the dead letters since then.</param>
/// <param name="Lag">Events of the stream that are not committed; <see langword="null"/>: not known.</param>
/// <param name="NewestEvent">Newest event time that is online, microseconds since the epoch; <see langword="null"/>: none yet.</param>
/// <param name="NewestArrival">When the broker took the newest event that is online; <see langword="null"/>: none yet.</param>
/// <param name="Fault">Why it does not go on, in a sentence; <see langword="null"/>: it does.</param>
public sealed record StreamStatus(
    StreamState State, long Accepted, long Refused, long? Lag, long? NewestEvent, long? NewestArrival, string? Fault)
{
    public static StreamStatus Starting { get; } = new(StreamState.Starting, 0, 0, null, null, null, null);
}

public enum StreamState
{
    /// <summary>Nothing was read yet.</summary>
    Starting,

    /// <summary>It reads and writes.</summary>
    Running,

    /// <summary>A store or the broker does not answer; it tries again, and reads nothing meanwhile.</summary>
    Waiting,

    /// <summary>It ended: the definition or the broker must be mended first.</summary>
    Failed,

    Stopped,
}
