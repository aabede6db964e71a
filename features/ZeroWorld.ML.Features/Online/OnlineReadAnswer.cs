namespace ZeroWorld.ML.Features;

/// <summary>What a caller of <see cref="OnlineReadCoalescer"/> gets for one <see cref="OnlineReadKey"/>.</summary>
/// <param name="IsAvailable">Whether the store answered this caller in time.</param>
/// <param name="Payloads">Bytes per field, in the order of the key's fields; <see langword="null"/> where the store has none. Empty when not available.
/// The same bytes may be in the hands of other callers: never write to them.</param>
public readonly record struct OnlineReadAnswer(bool IsAvailable, IReadOnlyList<ReadOnlyMemory<byte>?> Payloads)
{
    /// <summary>Where the payloads lie; <see langword="null"/>: in memory of their own.</summary>
    internal OnlineReadMemory? Memory { get; init; }

    public static OnlineReadAnswer Unavailable { get; } = new(false, []);

    /// <summary>Says, once, that the caller reads the payloads no more, so that their memory is used again. It need not be said.</summary>
    public void Release() => Memory?.Release();
}
