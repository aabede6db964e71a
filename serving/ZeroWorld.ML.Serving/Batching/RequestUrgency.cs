namespace ZeroWorld.ML.Serving;

/// <summary>How urgent a request is, and what it is a part of.</summary>
/// <param name="Priority">1 is the first; 0: none was given. What it means is for <see cref="QueuePolicies"/> to say.</param>
/// <param name="Due">Timestamp of <see cref="TimeProvider.GetTimestamp"/> after which it must not run; 0: never.</param>
internal readonly record struct RequestUrgency(int Priority, long Due)
{
    /// <summary>The ensemble that asks; <see langword="null"/>: a caller does.</summary>
    public EnsembleCall? Within { get; init; }

    /// <summary>Outputs of the signature that are read; <see langword="null"/>: all. The others of an ensemble may be missing from its answer.</summary>
    public int[]? Wanted { get; init; }

    /// <summary>Its place in a sequence, where it has one.</summary>
    public SequencePlace Sequence { get; init; }

    /// <summary>The level of a request that names none, where a model has no levels of its own: the middle of ten.</summary>
    public const int PriorityDefault = 5;

    /// <param name="deadline">When the caller stops waiting; <see langword="null"/>: never.</param>
    /// <param name="timeout">How long from now the request may wait; <see langword="null"/>: no limit of its own.</param>
    public static RequestUrgency Of(int priority, DateTimeOffset? deadline, TimeSpan? timeout, TimeProvider time)
    {
        if (deadline is null && timeout is null)
        {
            return new RequestUrgency(priority, 0);
        }

        var left = deadline is { } end ? end - time.GetUtcNow() : TimeSpan.MaxValue;
        if (timeout is { } wait && wait < left)
        {
            left = wait;
        }

        var now = time.GetTimestamp();
        var ticks = left.TotalSeconds * time.TimestampFrequency;
        return new RequestUrgency(priority, ticks >= long.MaxValue - now ? 0 : Math.Max(1, now + (long)ticks));
    }
}
