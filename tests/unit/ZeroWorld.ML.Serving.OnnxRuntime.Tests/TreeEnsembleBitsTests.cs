using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

/// <summary>
/// What a replay rests on. Summing hundreds of trees, the engine splits the work by the size of the run, and so the last bits of a row depend on that size:
/// but never on the rows that stand beside it.
/// </summary>
public sealed class TreeEnsembleBitsTests
{
    private const int Columns = 5;

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(500)]
    public void Run_RowInABatch_GivesTheSameBitsWhateverStandsBesideIt(int trees)
    {
        var random = new Random(trees);
        using var file = new OnnxFile(WriteTrees(random, trees));
        using var instance = file.Open();

        foreach (var size in new[] { 1, 2, 3, 7, 30, 51, 80, 129, 600 })
        {
            var rows = Enumerable.Range(0, size * Columns).Select(_ => (float)random.NextDouble()).ToArray();
            var logged = Run(instance, rows, size);
            for (var repeat = 0; repeat < 20; repeat++)
            {
                var place = random.Next(size);
                var others = Enumerable.Range(0, size * Columns).Select(_ => (float)random.NextDouble()).ToArray();
                rows.AsSpan(place * Columns, Columns).CopyTo(others.AsSpan(place * Columns));
                Assert.Equal(BitConverter.SingleToInt32Bits(logged[place]), BitConverter.SingleToInt32Bits(Run(instance, others, size)[place]));
            }
        }
    }

    private static float[] Run(IModelInstance instance, ReadOnlySpan<float> rows, int count) =>
        instance.Run([TensorBuffer.OfFloat32([count, Columns], rows)])[0].AsSpan<float>().ToArray();

    private static byte[] WriteTrees(Random random, int trees)
    {
        var folder = Directory.CreateTempSubdirectory("zeroworld-test-");
        try
        {
            var path = Path.Combine(folder.FullName, "trees.onnx");
            TreeEnsembleGraph.Write(path, new TreeEnsemble { FeatureCount = Columns, Trees = [.. Enumerable.Range(0, trees).Select(_ => MakeTree(random))] });
            return File.ReadAllBytes(path);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Three levels, leaves of very different size, so that the order of a sum shows in its last bits.</summary>
    private static DecisionTree MakeTree(Random random) => new()
    {
        SplitFeatures = [.. Enumerable.Range(0, 7).Select(_ => random.Next(Columns))],
        Thresholds = [.. Enumerable.Range(0, 7).Select(_ => random.NextDouble())],
        LeftChildren = [1, 3, 5, ~0, ~2, ~4, ~6],
        RightChildren = [2, 4, 6, ~1, ~3, ~5, ~7],
        MissingLeft = [.. Enumerable.Repeat(false, 7)],
        LeafValues = [.. Enumerable.Range(0, 8).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, -1)))],
    };
}
