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
    ModelPackage Package, IModelRuntime Runtime, IModelInstance Instance, FeatureServicePlan? Plan, IReadOnlyList<GoldenSample> Golden)
{
    /// <summary>Further execution contexts on the same device, where its settings ask for some. Owned likewise.</summary>
    public IReadOnlyList<IModelInstance> Others { get; init; } = [];

    /// <summary>Sizes that its runs are brought to; <see langword="null"/>: none.</summary>
    public PaddingPlan? Padding { get; init; }

    /// <summary>What it takes and gives beside what callers see; <see langword="null"/>: its requests belong to no sequences.</summary>
    public SequenceTensors? Sequences { get; init; }

    /// <summary>What makes tokens of texts for it; <see langword="null"/>: it takes none.</summary>
    public TextTokenizer? Tokenizer { get; init; }

    /// <summary>Frees everything. Called where nobody else has taken it over.</summary>
    public void Free()
    {
        foreach (var other in Others)
        {
            other.Dispose();
        }

        Instance.Dispose();
    }
}
