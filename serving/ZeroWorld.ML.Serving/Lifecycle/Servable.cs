using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A loaded model version.</summary>
/// <remarks>Immutable for its readers and thread safe. Held through a <see cref="ServableLease"/>; freed when no lease is left.</remarks>
public sealed class Servable
{
    private Servable()
    {
    }

    public ModelName Model { get; private init; }

    public long Version { get; private init; }

    /// <summary>Digest of its package.</summary>
    public string Digest => Package.Digest;

    public required ModelPackage Package { get; init; }

    public ModelManifest Manifest => Package.Manifest;

    /// <summary>The tensors that the model's file declares.</summary>
    public required ModelSignature Signature { get; init; }

    /// <summary>What model metadata calls the platform.</summary>
    public required string Platform { get; init; }

    /// <summary><c>cpu</c> or <c>cuda:N</c>.</summary>
    public required string Device { get; init; }

    /// <summary>The compiled feature service; <see langword="null"/> for a model that is only called with tensors.</summary>
    public FeatureServicePlan? Plan { get; private init; }
}
