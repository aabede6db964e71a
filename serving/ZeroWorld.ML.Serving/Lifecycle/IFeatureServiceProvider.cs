using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Where servables get the feature service that their package pins.</summary>
/// <remarks>Thread safe. Answers compiled services, since only the registry of definitions knows the types of source columns.</remarks>
public interface IFeatureServiceProvider
{
    /// <param name="project">Project name.</param>
    /// <param name="name">Name of the feature service.</param>
    /// <param name="fingerprint">The fingerprint that is wanted.</param>
    /// <returns>
    /// The service with this fingerprint; else the one that has the name now, whose fingerprint then differs; <see langword="null"/> when there is none of this name.
    /// </returns>
    ValueTask<FeatureServicePlan?> FindAsync(string project, string name, string fingerprint, CancellationToken cancellationToken);
}
