using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What the manager knows of one version. Guarded by the manager's lock.</summary>
internal sealed class VersionSlot(ModelName model, long version, string digest)
{
    public ModelName Model { get; } = model;

    public long Version { get; } = version;

    public string Digest { get; } = digest;

    public Servable? Servable { get; set; }

    public ServingException? Failure { get; set; }

    /// <summary>The load in progress: one for all who wait. Never fails; it leaves <see cref="Servable"/> or <see cref="Failure"/>.</summary>
    public Task? Load { get; set; }

    /// <summary>Whether the server loads it by itself.</summary>
    public bool IsEager { get; set; }

    /// <summary>Earlier servables of it that wait for their requests.</summary>
    public int Unloading { get; set; }

    /// <summary>Timestamp of the manager's clock before which a failed load is not tried again.</summary>
    public long RetryTimestamp { get; set; }

    public TimeSpan RetryDelay { get; set; }

    public ServableState State => (Servable, Load, Failure, Unloading) switch
    {
        ({ }, _, _, _) => ServableState.Ready,
        (_, { }, _, _) => ServableState.Loading,
        (_, _, { }, _) => ServableState.Failed,
        (_, _, _, > 0) => ServableState.Unloading,
        _ => ServableState.Unloaded,
    };
}
