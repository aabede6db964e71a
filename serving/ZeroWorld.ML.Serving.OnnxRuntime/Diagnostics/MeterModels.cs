using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Models whose runs are measured. The same size gives the same bytes.</summary>
internal static class MeterModels
{
    /// <summary>x [rows, first] through MatMul and Relu, layer by layer, to y [rows, last].</summary>
    public static byte[] MakeNetwork(params int[] sizes)
    {
        var random = new Random(7);
        var graph = new OnnxGraphBuilder("network").AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, sizes[0]]));
        var value = "x";
        for (var layer = 0; layer + 1 < sizes.Length; layer++)
        {
            var isLast = layer + 2 == sizes.Length;
            graph.AddInitializer($"w{layer}", Floats(random, sizes[layer] * sizes[layer + 1], Math.Sqrt(6.0 / sizes[layer])), sizes[layer], sizes[layer + 1]);
            graph.AddNode("MatMul", [value, $"w{layer}"], [isLast ? "y" : $"g{layer}"]);
            if (!isLast)
            {
                graph.AddNode("Relu", [$"g{layer}"], [value = $"h{layer}"]);
            }
        }

        return graph.AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, sizes[^1]])).ToBytes();
    }

    /// <summary>x [1] times a matrix, multiplied by itself as often as asked, and the mean of it all: nearly nothing to carry to and fro.</summary>
    public static byte[] MakeProducts(int size, int count, bool isHalf)
    {
        var graph = new OnnxGraphBuilder("products").AddInput(new TensorSpec("x", TensorDtype.Float32, [1]))
            .AddInitializer("weights", Floats(new Random(7), size * size, Math.Sqrt(3.0 / size)), size, size);
        graph.AddNode("Cast", ["x"], ["factor"], [OnnxAttribute.Of("to", isHalf ? 10 : 1)]).AddNode("Cast", ["weights"], ["w"], [OnnxAttribute.Of("to", isHalf ? 10 : 1)]);
        graph.AddNode("Mul", ["w", "factor"], ["p0"]);
        for (var index = 0; index < count; index++)
        {
            graph.AddNode("MatMul", [$"p{index}", "w"], [$"p{index + 1}"]);
        }

        return graph.AddNode("ReduceMean", [$"p{count}"], ["mean"], [OnnxAttribute.Of("keepdims", 0)]).AddNode("Cast", ["mean"], ["y"], [OnnxAttribute.Of("to", 1)])
            .AddOutput(new TensorSpec("y", TensorDtype.Float32, [])).ToBytes();
    }

    /// <summary>y = -x.</summary>
    public static byte[] MakeNegation() => new OnnxGraphBuilder("negation").AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, -1]))
        .AddNode("Neg", ["x"], ["y"]).AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, -1])).ToBytes();

    public static float[] Floats(Random random, int count, double bound)
    {
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            values[index] = (float)(((random.NextDouble() * 2) - 1) * bound);
        }

        return values;
    }
}
