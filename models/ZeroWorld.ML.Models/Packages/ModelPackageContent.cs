namespace ZeroWorld.ML.Models;

/// <summary>What a trainer knows of a model when it writes the package: the manifest without what can be computed.</summary>
public sealed record ModelPackageContent
{
    public required ModelName Model { get; init; }

    /// <value><c>onnx</c> or <c>torchscript</c>.</value>
    public string Runtime { get; init; } = "onnx";

    /// <value>Path of the model in the folder. Weights that an ONNX model keeps in further files are found by themselves.</value>
    public string ModelFile { get; init; } = "model.onnx";

    /// <value>Further files that belong to the package, as paths in the folder.</value>
    public IReadOnlyList<string> FurtherFiles { get; init; } = [];

    public FeatureServiceReference? FeatureService { get; init; }

    public required IReadOnlyList<ManifestInput> Inputs { get; init; }

    public required IReadOnlyList<ManifestOutput> Outputs { get; init; }

    public IReadOnlyList<string> Classes { get; init; } = [];

    public DecisionThresholds? Thresholds { get; init; }

    /// <value>At least one, as the trainer computed it.</value>
    public required IReadOnlyList<GoldenSample> GoldenSamples { get; init; }

    public double GoldenAbsoluteTolerance { get; init; } = 1e-5;

    public double GoldenRelativeTolerance { get; init; } = 1e-5;

    public ReferenceDistributions? Reference { get; init; }

    /// <value>Finite numbers only: leave out what is undefined.</value>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    public required ModelLineage Lineage { get; init; }
}
