namespace ZeroWorld.ML.GpuNodes;

/// <summary>What a model needs of a node to be loaded.</summary>
public sealed record PlacementRequest
{
    /// <exception cref="ArgumentOutOfRangeException">Less than 0 bytes.</exception>
    public PlacementRequest(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
    }

    /// <summary>Bytes that the model takes, 0 or more.</summary>
    public long Bytes { get; }

    /// <summary>Kinds of device that the model's runtime can use, the preferred one first; never empty.</summary>
    public IReadOnlyList<DeviceKind> Kinds { get; init; } = [DeviceKind.Cpu];

    /// <summary>The only device that comes into question, whatever its kind; <see langword="null"/> for any of <see cref="Kinds"/>.</summary>
    public DeviceId? Device { get; init; }
}
