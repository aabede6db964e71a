using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>How predictions of one servable are made, worked out once: what to read, where each value goes, what an output means.</summary>
/// <remarks>Immutable and thread safe. Made of a package that <see cref="PackageFit"/> found to fit.</remarks>
internal sealed class PredictionPlan
{
    /// <param name="tokenizer">Of the package; <see langword="null"/> where no input takes tokens.</param>
    public PredictionPlan(ModelManifest manifest, ModelSignature signature, FeatureServicePlan service, IReadOnlyList<CoverageSlot> coverage, TextTokenizer? tokenizer)
        : this(service, coverage)
    {
        Tokenizer = tokenizer;
        Reader = $"Model '{manifest.Name}'";
        var columns = service.Service.Columns.Select(static column => column.Name).ToList();
        Inputs = [.. manifest.Inputs.Select(input => FeatureInput.Of(input, manifest.Inputs, IndexOf(signature.Inputs, input.Tensor), columns.IndexOf))];
        IsPlain = Array.TrueForAll(Inputs, static input => input.IsPlain);
        Outputs = [.. manifest.Outputs.Select(output => new NamedOutput(output.Name, IndexOf(signature.Outputs, output.Tensor)))];
        if (manifest.Thresholds is { } thresholds)
        {
            Decisions = [.. thresholds.Decisions];
            DecidingOutput = Array.FindIndex(Outputs, output => output.Name == thresholds.Output);
        }
    }

    /// <summary>Only the features, without a model behind them.</summary>
    public PredictionPlan(FeatureServicePlan service, IReadOnlyList<CoverageSlot> coverage)
    {
        Reader = $"Feature service '{service.Service.Name}'";
        Service = service;
        Coverage = coverage;
        RequestDefaults = [.. service.Service.RequestValues.Select(static value => BoundColumn.OfDefault(value.Default))];
        Keys = [.. service.Entities.SelectMany(static entity => entity.Keys).DistinctBy(static key => key.Name)];
        var keys = Keys.Select(static key => key.Name).ToList();
        Entities = [.. service.Entities.Select(entity => new EntityRead(service, entity, keys))];
        ViewSources = new (int, int)[service.Views.Count];
        for (var entity = 0; entity < Entities.Length; entity++)
        {
            for (var field = 0; field < Entities[entity].Views.Length; field++)
            {
                ViewSources[Entities[entity].Views[field]] = (entity, field);
            }
        }
    }

    /// <summary>Who reads the features, as messages name it.</summary>
    public string Reader { get; }

    public FeatureServicePlan Service { get; }

    /// <summary>Keys that a caller must give, of all entities, each name once.</summary>
    public EntityKey[] Keys { get; }

    public EntityRead[] Entities { get; }

    /// <summary>Per request value, what stands for it in every row when the caller does not give it.</summary>
    public BoundColumn[] RequestDefaults { get; }

    /// <summary>Per view of the service: which entity's read has it, and at which position of its payloads.</summary>
    public (int Entity, int Payload)[] ViewSources { get; }

    /// <summary>One per view of the service.</summary>
    public IReadOnlyList<CoverageSlot> Coverage { get; }

    /// <summary>In the order of the manifest.</summary>
    public FeatureInput[] Inputs { get; } = [];

    public TextTokenizer? Tokenizer { get; }

    /// <summary>Whether no value can fail to be what an input takes, and every row has the same width.</summary>
    public bool IsPlain { get; } = true;

    /// <summary>In the order of the manifest.</summary>
    public NamedOutput[] Outputs { get; } = [];

    /// <summary>Ascending by threshold; empty without thresholds.</summary>
    public Decision[] Decisions { get; } = [];

    /// <summary>Index into <see cref="Outputs"/>, or -1.</summary>
    public int DecidingOutput { get; } = -1;

    /// <summary>The decision of a score: the last one whose threshold it reaches. A score below all thresholds gets the first.</summary>
    /// <returns><see langword="null"/> for NaN, which reaches nothing.</returns>
    public string? Decide(double score)
    {
        if (double.IsNaN(score))
        {
            return null;
        }

        var chosen = 0;
        while (chosen + 1 < Decisions.Length && score >= Decisions[chosen + 1].AtLeast)
        {
            chosen++;
        }

        return Decisions[chosen].Name;
    }

    private static int IndexOf(IReadOnlyList<TensorSpec> specs, string name)
    {
        for (var index = 0; index < specs.Count; index++)
        {
            if (specs[index].Name == name)
            {
                return index;
            }
        }

        throw new ArgumentException($"The model file has no tensor '{name}'.", nameof(name));
    }
}

/// <param name="Name">What answers call it.</param>
/// <param name="Position">Index among the outputs of the model file.</param>
internal sealed record NamedOutput(string Name, int Position);
