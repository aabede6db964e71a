namespace ZeroWorld.ML.Models;

/// <summary>Where a run stands.</summary>
public enum RunStatus
{
    /// <summary>It was started and not finished: see <see cref="TrainingRun.LastSeen"/> for whether its process still lives.</summary>
    Running = 1,

    /// <summary>It ended as it should.</summary>
    Finished = 2,

    /// <summary>It ended with an error; the note says which.</summary>
    Failed = 3,

    /// <summary>Somebody stopped it.</summary>
    Cancelled = 4,

    /// <summary>Something that it needs was away, such as room on the disk or a store; the note says what. It may be taken up again.</summary>
    Interrupted = 5,
}
