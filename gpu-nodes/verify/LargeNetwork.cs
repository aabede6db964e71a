using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.GpuNodes.Verify;

/// <summary>A network of random weights in FP32, 512-2048-2048-16 with Relu between.</summary>
internal static class LargeNetwork
{
    private const int Rows = 64;
    private static readonly int[] Sizes = [512, 2048, 2048, 16];

    public static long[] Shape { get; } = [Rows, Sizes[0]];

    public static (byte[] Model, float[] Input) Make()
    {
        var random = new Random(7);
        var graph = new OnnxGraphBuilder("network").AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, Sizes[0]]));
        for (var layer = 0; layer + 1 < Sizes.Length; layer++)
        {
            graph.AddInitializer($"w{layer}", Floats(random, Sizes[layer] * Sizes[layer + 1], Math.Sqrt(6.0 / Sizes[layer])), Sizes[layer], Sizes[layer + 1]);
            graph.AddNode("MatMul", [layer == 0 ? "x" : $"h{layer}", $"w{layer}"], [$"g{layer}"]).AddNode("Relu", [$"g{layer}"], [$"h{layer + 1}"]);
        }

        graph.AddNode("Identity", [$"g{Sizes.Length - 2}"], ["y"]).AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, Sizes[^1]]));
        return (graph.ToBytes(), Floats(random, Rows * Sizes[0], 1));
    }

    /// <returns>The length of the difference in parts of the length of what was expected; NaN where either has one.</returns>
    public static double Distance(float[] expected, float[] got)
    {
        var (difference, length) = (0.0, 0.0);
        foreach (var (a, b) in expected.Zip(got))
        {
            difference += ((double)a - b) * ((double)a - b);
            length += (double)a * a;
        }

        return Math.Sqrt(difference / length);
    }

    private static float[] Floats(Random random, int count, double bound) => [.. Enumerable.Range(0, count).Select(_ => (float)(((random.NextDouble() * 2) - 1) * bound))];
}
