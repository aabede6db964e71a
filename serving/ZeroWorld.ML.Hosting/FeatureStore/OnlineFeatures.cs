using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Online features by service or by name, whatever the protocol.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OnlineFeatures(FeatureServiceCatalog catalog, FeaturePath path)
{
    /// <param name="project">The project.</param>
    /// <param name="service">A registered service, or empty.</param>
    /// <param name="features">Features by name, or none.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: both or neither are given; <see cref="FeatureError.NotFound"/>.</exception>
    public ValueTask<FeatureServicePlan> FindAsync(string project, string service, IReadOnlyList<string> features, CancellationToken cancellationToken)
    {
        if (service.Length > 0 == features.Count > 0)
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                service.Length > 0
                    ? "Both feature_service and features are given; expected one of them."
                    : "Neither feature_service nor features is given; expected the name of a feature service, or features as VIEW.FEATURE or VIEW.*.");
        }

        return service.Length > 0 ? catalog.GetAsync(project, service, cancellationToken) : catalog.GetAsync(project, features, cancellationToken);
    }

    /// <inheritdoc cref="FeaturePath.ReadAsync"/>
    public ValueTask<FeatureRows> ReadAsync(
        FeatureServicePlan service, IReadOnlyList<RequestColumn> entities, IReadOnlyList<RequestColumn> request, CancellationToken cancellationToken) =>
        path.ReadAsync(service, entities, request, cancellationToken);
}
