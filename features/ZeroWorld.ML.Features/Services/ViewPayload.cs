namespace ZeroWorld.ML.Features;

/// <summary>Whether there is something to read for a view.</summary>
public enum ViewPayloadState
{
    /// <summary>The store answered, perhaps with nothing.</summary>
    Answered,

    /// <summary>A key of the entity is null.</summary>
    NullKey,

    /// <summary>The store was not reached, or never given this view.</summary>
    Unavailable,
}

/// <summary>What was read of one view for one entity; offline the same bytes are made from the history.</summary>
/// <param name="State">Whether the store answered.</param>
/// <param name="Bytes">An online row or a window block; empty when the store has none.</param>
/// <param name="CoveredFrom">The view's coverage, microseconds since the epoch; only windowed views look at it.</param>
public readonly record struct ViewPayload(ViewPayloadState State, ReadOnlyMemory<byte> Bytes, long CoveredFrom)
{
    public static ViewPayload Unavailable { get; } = new(ViewPayloadState.Unavailable, default, 0);

    public static ViewPayload NullKey { get; } = new(ViewPayloadState.NullKey, default, 0);
}
