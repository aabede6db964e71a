using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Load;

/// <summary>The models of the speed measurements, in a model folder: two networks of random weights, and two that give back what they get.</summary>
internal static class SpeedModels
{
    public const string Small = "small";
    public const string Large = "large";

    /// <summary>The small one, every request of which runs alone.</summary>
    public const string Unbatched = "small_unbatched";
    public const string Floats = "floats";
    public const string Strings = "strings";

    public static IReadOnlyList<int> SmallSizes { get; } = [64, 256, 256, 1];

    public static IReadOnlyList<int> LargeSizes { get; } = [512, 2048, 2048, 1];

    public static string PathOf(string root, string name) => Path.Combine(root, name, "1", "model.onnx");

    public static void Write(string root)
    {
        WriteNetwork(root, Small, SmallSizes);
        WriteNetwork(root, Large, LargeSizes);
        WriteNetwork(root, Unbatched, SmallSizes);
        File.WriteAllText(Path.Combine(root, Unbatched, "model.yaml"), "batch_rows_max: 1\n");
        WriteIdentity(root, Floats, TensorDtype.Float32);
        WriteIdentity(root, Strings, TensorDtype.Bytes);
    }

    /// <summary>x [rows, first] through Gemm and Relu, layer by layer, to y [rows, last].</summary>
    private static void WriteNetwork(string root, string name, IReadOnlyList<int> sizes)
    {
        var random = new Random(7);
        var graph = new OnnxGraphBuilder(name).AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, sizes[0]]));
        var value = "x";
        for (var layer = 0; layer + 1 < sizes.Count; layer++)
        {
            var (rows, columns) = (sizes[layer], sizes[layer + 1]);
            graph.AddInitializer($"w{layer}", Normal(random, rows * columns, 1 / Math.Sqrt(rows)), rows, columns).AddInitializer($"b{layer}", Normal(random, columns, 0.1), columns);
            var isLast = layer + 2 == sizes.Count;
            graph.AddNode("Gemm", [value, $"w{layer}", $"b{layer}"], [isLast ? "y" : $"g{layer}"]);
            if (!isLast)
            {
                graph.AddNode("Relu", [$"g{layer}"], [$"h{layer}"]);
                value = $"h{layer}";
            }
        }

        Save(root, name, graph.AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, sizes[^1]])));
    }

    private static void WriteIdentity(string root, string name, TensorDtype dtype) =>
        Save(root, name, new OnnxGraphBuilder(name).AddInput(new TensorSpec("x", dtype, [-1, -1])).AddNode("Identity", ["x"], ["y"]).AddOutput(new TensorSpec("y", dtype, [-1, -1])));

    private static void Save(string root, string name, OnnxGraphBuilder graph)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(root, name))!);
        graph.Write(PathOf(root, name));
    }

    /// <summary>Box and Muller's method.</summary>
    private static float[] Normal(Random random, int count, double deviation)
    {
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            values[index] = (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }
}
