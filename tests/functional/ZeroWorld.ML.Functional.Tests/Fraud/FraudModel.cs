using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A small tree ensemble over the columns of the fraud service, as a real package: real ONNX, real golden samples.</summary>
internal static class FraudModel
{
    /// <param name="folder">Where the package is written; made when it is not there.</param>
    /// <param name="service">The service that it reads.</param>
    /// <param name="trees">How many trees.</param>
    /// <param name="seed">Another seed is another model.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="hasReasons">Whether the package can say why.</param>
    public static async Task<ModelPackage> WriteAsync(
        string folder, FeatureService service, int trees, int seed, CancellationToken cancellationToken, string name = "fraud", bool hasReasons = true)
    {
        Directory.CreateDirectory(folder);
        var columns = service.Columns.Count;
        var random = new Random(seed);
        var ensemble = new TreeEnsemble { FeatureCount = columns, Trees = [.. Enumerable.Range(0, trees).Select(_ => Grow(random, columns, splits: 15))] };
        TreeEnsembleGraph.Write(Path.Combine(folder, "model.onnx"), ensemble);
        if (hasReasons)
        {
            new ReasonModel(ensemble, [.. service.Columns.Select(static column => column.Name)]).Write(Path.Combine(folder, ReasonModel.FileName));
        }

        return await ModelPackageWriter.WriteAsync(
            folder,
            new ModelPackageContent
            {
                Model = new ModelName("default", name),
                FurtherFiles = hasReasons ? [ReasonModel.FileName] : [],
                FeatureService = new FeatureServiceReference(service.Project, service.Name, service.Fingerprint),
                Inputs = [new ManifestInput(TreeEnsembleGraph.Input, "FP32", [-1, columns], [.. service.Columns.Select(static column => column.Name)])],
                Outputs = [new ManifestOutput(TreeEnsembleGraph.Output, "probability", "FP32", [-1, 1])],
                Thresholds = new DecisionThresholds("probability", [new Decision("allow", 0), new Decision("review", 0.5), new Decision("block", 0.8)], "test"),
                GoldenSamples = [Sample(ensemble, random)],
                Lineage = new ModelLineage { CreatedTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), Seed = seed },
            },
            cancellationToken);
    }

    private static GoldenSample Sample(TreeEnsemble ensemble, Random random)
    {
        const int Rows = 4;
        var features = Enumerable.Range(0, Rows * ensemble.FeatureCount).Select(_ => Math.Round(random.NextDouble() * 300, 1)).ToArray();
        var scores = Enumerable.Range(0, Rows).Select(row => Score(ensemble, features.AsSpan(row * ensemble.FeatureCount, ensemble.FeatureCount))).ToArray();
        return new GoldenSample(
            new Dictionary<string, GoldenTensor> { [TreeEnsembleGraph.Input] = new([Rows, ensemble.FeatureCount], features) },
            new Dictionary<string, GoldenTensor> { [TreeEnsembleGraph.Output] = new([Rows, 1], scores) });
    }

    private static double Score(TreeEnsemble ensemble, ReadOnlySpan<double> row)
    {
        var sum = 0.0;
        foreach (var tree in ensemble.Trees)
        {
            var node = 0;
            while (node >= 0)
            {
                node = (float)row[tree.SplitFeatures[node]] <= tree.Thresholds[node] ? tree.LeftChildren[node] : tree.RightChildren[node];
            }

            sum += tree.LeafValues[~node];
        }

        return 1 / (1 + Math.Exp(-sum));
    }

    /// <summary>A complete binary tree: split i has the children 2i + 1 and 2i + 2.</summary>
    private static DecisionTree Grow(Random random, int columns, int splits) => new()
    {
        SplitFeatures = [.. Enumerable.Range(0, splits).Select(_ => random.Next(columns))],
        Thresholds = [.. Enumerable.Range(0, splits).Select(_ => Math.Round(random.NextDouble() * 200, 2))],
        LeftChildren = [.. Enumerable.Range(0, splits).Select(split => Child((2 * split) + 1, splits))],
        RightChildren = [.. Enumerable.Range(0, splits).Select(split => Child((2 * split) + 2, splits))],
        MissingLeft = [.. Enumerable.Repeat(true, splits)],
        LeafValues = [.. Enumerable.Range(0, splits + 1).Select(_ => (random.NextDouble() - 0.5) * 0.6)],
        LeafCovers = [.. Enumerable.Range(0, splits + 1).Select(leaf => (double)(1 + (leaf * 7 % 50)))],
    };

    private static int Child(int node, int splits) => node < splits ? node : ~(node - splits);
}
