using Microsoft.Extensions.DependencyInjection;

namespace ZeroWorld.ML.Serving;

/// <summary>Registration of the serving engine.</summary>
public static class ServingServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="ServableManager"/>, <see cref="InferencePath"/>, <see cref="PredictionPath"/>, <see cref="PredictionLog"/>,
    /// <see cref="PredictionReplay"/>, <see cref="Models.IPackageVerifier"/> and <see cref="Models.IModelScorer"/> as singletons.
    /// </summary>
    /// <remarks>
    /// The host adds <see cref="Models.IModelCatalog"/>, <see cref="Features.IOnlineStore"/>, <see cref="IFeatureServiceProvider"/>,
    /// <see cref="IPredictionLogSink"/>, <see cref="IPredictionLogReader"/>, <see cref="GpuNodes.MemoryBudget"/>, <see cref="TimeProvider"/> and at least one <see cref="IModelRuntime"/>.
    /// </remarks>
    public static ServingBuilder AddServing(this IServiceCollection services) => throw new NotImplementedException();
}
