using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A package that was opened and checked: its instance runs, its signature fits, its feature service is compiled.</summary>
/// <param name="Package">The package.</param>
/// <param name="Runtime">What runs it.</param>
/// <param name="Instance">Owned by whoever receives this.</param>
/// <param name="Plan"><see langword="null"/> for a model without a feature service.</param>
/// <param name="Golden">Its golden samples.</param>
internal sealed record LoadedModel(
    ModelPackage Package, IModelRuntime Runtime, IModelInstance Instance, FeatureServicePlan? Plan, IReadOnlyList<GoldenSample> Golden);
