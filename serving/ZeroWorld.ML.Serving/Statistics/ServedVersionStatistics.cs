using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Statistics of one loaded model version.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">1 or more.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda:N</c>.</param>
/// <param name="MemoryBytes">Memory of the device that is set aside for it.</param>
/// <param name="Statistics">Since its load.</param>
public sealed record ServedVersionStatistics(ModelName Model, long Version, string Device, long MemoryBytes, StatisticsSnapshot Statistics)
{
    /// <summary>Requests that wait for it now.</summary>
    public int QueuedRequests { get; init; }

    /// <summary>How long its load took, warm-up included.</summary>
    public TimeSpan LoadDuration { get; init; }
}
