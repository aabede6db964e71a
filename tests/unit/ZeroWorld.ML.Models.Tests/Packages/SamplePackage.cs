using System.Text.Json.Nodes;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models.Tests;

/// <summary>A small valid package, and ways to spoil its manifest.</summary>
internal static class SamplePackage
{
    internal static ModelPackageContent Content { get; } = new()
    {
        Model = new ModelName("default", "fraud"),
        FeatureService = new FeatureServiceReference("default", "fraud", "fp-1"),
        Inputs = [new ManifestInput("features", "FP32", [-1, 2], ["amount", "is_night"])],
        Outputs = [new ManifestOutput("probability", "probability", "FP32", [-1, 1])],
        Classes = ["genuine", "fraud"],
        Thresholds = new DecisionThresholds("probability", [new Decision("allow", 0), new Decision("review", 0.25), new Decision("block", 0.75)], "cost"),
        GoldenSamples =
        [
            new GoldenSample(
                new Dictionary<string, GoldenTensor> { ["features"] = new([2, 2], [0.1, double.NaN, double.PositiveInfinity, 1e-45]) },
                new Dictionary<string, GoldenTensor> { ["probability"] = new([2, 1], [0.5, 1.0 / 3]) }),
        ],
        Reference = new ReferenceDistributions(
            new Dictionary<string, ReferenceDistribution>
            {
                ["is_night"] = ReferenceDistribution.Measure([double.NaN]),
                ["amount"] = ReferenceDistribution.Measure([1, 2, 3, double.NaN]),
            },
            new Dictionary<string, ReferenceDistribution> { ["probability"] = ReferenceDistribution.Measure([0.5]) }),
        Metrics = new Dictionary<string, double> { ["auc_roc"] = 0.87, ["average_precision"] = 0.1 + 0.2 },
        Lineage = new ModelLineage
        {
            TrainingSet = "ts-1",
            Rows = 67240,
            Seed = 1,
            Packages = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" },
            Parameters = new Dictionary<string, string> { ["learning_rate"] = "0.1 <é>" },
            TrainFrom = new DateTimeOffset(2018, 7, 25, 0, 0, 0, TimeSpan.Zero),
            CreatedTime = new DateTimeOffset(2024, 5, 6, 9, 8, 9, 123, TimeSpan.FromHours(2)),
        },
    };

    internal static async Task<ModelPackage> WriteAsync(string folder, ModelPackageContent? content = null)
    {
        Directory.CreateDirectory(folder);
        WriteModel(Path.Combine(folder, "model.onnx"));
        return await ModelPackageWriter.WriteAsync(folder, content ?? Content, TestContext.Current.CancellationToken);
    }

    internal static void WriteModel(string path) => TreeEnsembleGraph.Write(path, new TreeEnsemble
    {
        FeatureCount = 2,
        Trees =
        [
            new DecisionTree
            {
                SplitFeatures = [0], Thresholds = [0.5], LeftChildren = [~0], RightChildren = [~1], MissingLeft = [true], LeafValues = [-1, 1],
            },
        ],
    });

    internal static async Task EditManifestAsync(string folder, Action<JsonObject> edit)
    {
        var path = Path.Combine(folder, ModelPackage.ManifestFile);
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!.AsObject();
        edit(manifest);
        await File.WriteAllTextAsync(path, manifest.ToJsonString(), TestContext.Current.CancellationToken);
    }
}
