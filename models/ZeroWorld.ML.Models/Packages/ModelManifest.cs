using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Models;

/// <summary>manifest.json of a model package, format 1 (docs/formats/model-package.md).</summary>
public sealed record ModelManifest
{
    /// <summary>The format this build writes. Readers take it and the one before it.</summary>
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required string Project { get; init; }

    public required string Name { get; init; }

    /// <value><c>onnx</c> or <c>torchscript</c>.</value>
    public required string Runtime { get; init; }

    /// <value>Relative path to digest and size of every file but the manifest.</value>
    public required IReadOnlyDictionary<string, PackageFile> Files { get; init; }

    public required string ModelFile { get; init; }

    /// <value><see langword="null"/> for a model that is only called with tensors.</value>
    public FeatureServiceReference? FeatureService { get; init; }

    public required IReadOnlyList<ManifestInput> Inputs { get; init; }

    public required IReadOnlyList<ManifestOutput> Outputs { get; init; }

    // Code that is generated to read JSON sets what is absent to null, here and below.
    public IReadOnlyList<string> Classes { get; init => field = value ?? []; } = [];

    public DecisionThresholds? Thresholds { get; init; }

    /// <summary>Sizes that runs of the model are brought to by padding.</summary>
    /// <value><see langword="null"/>: none.</value>
    public ModelPadding? Padding { get; init; }

    /// <value><see langword="null"/> only for a model that was not registered: one in a folder.</value>
    public required GoldenReference? Golden { get; init; }

    /// <value>File of the reference distributions, or <see langword="null"/>.</value>
    public string? Reference { get; init; }

    public IReadOnlyDictionary<string, double> Metrics { get; init => field = value ?? new Dictionary<string, double>(); } = new Dictionary<string, double>();

    public required ModelLineage Lineage { get; init; }

    /// <summary>The declared tensors as values. Datatypes are known: a manifest is validated where it is read.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: a datatype has no such name.</exception>
    public ModelSignature GetSignature() => new(
        [.. Inputs.Select(static input => new TensorSpec(input.Tensor, ToDtype(input.Dtype), input.Shape))],
        [.. Outputs.Select(static output => new TensorSpec(output.Tensor, ToDtype(output.Dtype), output.Shape))]);

    private static TensorDtype ToDtype(string name) => TensorDtypes.TryParse(name, out var dtype)
        ? dtype
        : throw new RegistryException(RegistryError.InvalidInput, $"There is no dtype '{name}'; expected one of {TensorDtypes.Expected}.");
}

/// <param name="Digest"><c>sha256:</c> and 64 characters of lower-case hex.</param>
/// <param name="Bytes">Length of the file.</param>
public sealed record PackageFile(string Digest, long Bytes);

/// <summary>The feature service a model reads, by name and by the fingerprint of its definition: a contract, since models do not know features.</summary>
public sealed record FeatureServiceReference(string Project, string Name, string Fingerprint);

/// <param name="Tensor">Name of the tensor in the model.</param>
/// <param name="Dtype">Datatype of the Open Inference Protocol: FP32, INT64...</param>
/// <param name="Shape">The row axis first; -1 for any size.</param>
/// <param name="Features">Columns of the feature service along the last axis, in order; empty without a feature service.</param>
public sealed record ManifestInput(string Tensor, string Dtype, IReadOnlyList<long> Shape, IReadOnlyList<string> Features)
{
    /// <summary>How features become the tensor: one of <see cref="InputLayouts"/>.</summary>
    /// <value><see langword="null"/>: <see cref="InputLayouts.Scalars"/>.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Layout { get; init; }

    /// <summary>What fills a list up to the width of the tensor.</summary>
    /// <value>Default 0; only with <see cref="InputLayouts.List"/>.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Fill { get; init; }

    /// <summary>Another input of layout list: a row whose two lists differ in length fails. The weights of a sparse feature name its ids here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SameLengthAs { get; init; }
}

/// <param name="Tensor">Name of the tensor in the model.</param>
/// <param name="Name">What answers call it.</param>
/// <param name="Dtype">Datatype of the Open Inference Protocol.</param>
/// <param name="Shape">The row axis first; -1 for any size.</param>
public sealed record ManifestOutput(string Tensor, string Name, string Dtype, IReadOnlyList<long> Shape);

/// <param name="Output">Name of the output whose value decides.</param>
/// <param name="Decisions">Ascending by <see cref="Decision.AtLeast"/>, the first at 0.</param>
/// <param name="Method">How the thresholds were chosen.</param>
public sealed record DecisionThresholds(string Output, IReadOnlyList<Decision> Decisions, string Method);

/// <param name="Name">allow, review, block...</param>
/// <param name="AtLeast">The smallest score with this decision.</param>
public sealed record Decision([property: JsonPropertyName("decision")] string Name, double AtLeast);

/// <param name="File">Path of the golden samples.</param>
public sealed record GoldenReference(string File, double AbsoluteTolerance, double RelativeTolerance)
{
    /// <summary>Whether a computed element is what the trainer computed: NaN equals NaN, an infinity equals itself.</summary>
    public bool IsWithin(double expected, double got) => double.IsFinite(expected)
        ? Math.Abs(got - expected) <= AbsoluteTolerance + (RelativeTolerance * Math.Abs(expected))
        : expected.Equals(got);
}

/// <summary>What a model was made of.</summary>
public sealed record ModelLineage
{
    /// <summary>The parameter that says which text features a model learned from, as their canonical text; registration holds a feature service to it.</summary>
    public const string TextFeatures = "text_features";

    /// <value>Fingerprint of the training set, or <see langword="null"/> for a model that was trained elsewhere.</value>
    public string? TrainingSet { get; init; }

    public long? Rows { get; init; }

    public DateTimeOffset? TrainFrom { get; init; }

    public DateTimeOffset? TrainTo { get; init; }

    public string? CodeVersion { get; init; }

    public long? Seed { get; init; }

    public IReadOnlyDictionary<string, string> Packages { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Parameters { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();

    public required DateTimeOffset CreatedTime { get; init; }
}
