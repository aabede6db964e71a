namespace ZeroWorld.ML.Models;

/// <summary>How the requests of one model wait: levels of priority, and limits of the queue, for all levels or for one.</summary>
/// <remarks>Immutable. Equal by reference.</remarks>
public sealed record QueueSettings
{
    /// <summary>Nothing was said.</summary>
    public static QueueSettings Default { get; } = new();

    /// <summary>Levels of priority; 1 is the first.</summary>
    /// <value>0: nothing was said, and there are ten. At most <see cref="PriorityLevelsMax"/>.</value>
    public int PriorityLevels { get; init; }

    /// <summary>The level of requests that name none, or one that there is not.</summary>
    /// <value>1 to <see cref="PriorityLevels"/>; 0 where that is 0: the middle.</value>
    public int PriorityDefault { get; init; }

    /// <summary>Limits of every level that has none of its own.</summary>
    public QueuePolicy Common { get; init; } = QueuePolicy.None;

    /// <summary>Limits by level.</summary>
    public IReadOnlyDictionary<int, QueuePolicy> ByLevel { get; init; } = new Dictionary<int, QueuePolicy>();

    /// <summary>Whether answers leave in the order in which their requests came: one run at a time then, and no priorities. Refusals leave at once.</summary>
    public bool PreservesOrder { get; init; }

    /// <summary>Whoever needs more levels than this has no levels.</summary>
    public const int PriorityLevelsMax = 1000;
}

/// <summary>Limits of the queue for requests of one level of priority.</summary>
/// <param name="RequestsMax">Requests that may wait; 0: as many as the queue has room for.</param>
/// <param name="Timeout">How long one may wait; zero: as long as its caller does.</param>
/// <param name="OnTimeout">What becomes of one that has waited that long.</param>
public sealed record QueuePolicy(int RequestsMax, TimeSpan Timeout, QueueTimeoutAction OnTimeout)
{
    /// <summary>No limit.</summary>
    public static QueuePolicy None { get; } = new(0, TimeSpan.Zero, QueueTimeoutAction.Reject);
}

/// <summary>What becomes of a request that has waited as long as it may.</summary>
public enum QueueTimeoutAction
{
    /// <summary>It is refused.</summary>
    Reject,

    /// <summary>It waits on, behind every request that has not waited that long.</summary>
    Delay,
}
