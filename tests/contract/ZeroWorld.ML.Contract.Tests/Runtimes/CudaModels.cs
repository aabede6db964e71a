using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Models for tests on a GPU, their inputs and a measure for how far their outputs are apart.</summary>
internal static class CudaModels
{
    /// <summary>x [rows, first] through MatMul and Relu, layer by layer, to y [rows, last]; weights of a mean square that keeps values in range.</summary>
    public static byte[] MakeNetwork(params int[] sizes)
    {
        var random = new Random(7);
        var graph = new OnnxGraphBuilder("network").AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, sizes[0]]));
        for (var layer = 0; layer + 1 < sizes.Length; layer++)
        {
            var weights = Floats(random, sizes[layer] * sizes[layer + 1], Math.Sqrt(6.0 / sizes[layer]));
            graph.AddInitializer($"w{layer}", weights, sizes[layer], sizes[layer + 1]);
            graph.AddNode("MatMul", [layer == 0 ? "x" : $"h{layer}", $"w{layer}"], [$"g{layer}"]);
            graph.AddNode(layer + 2 == sizes.Length ? "Identity" : "Relu", [$"g{layer}"], [layer + 2 == sizes.Length ? "y" : $"h{layer + 1}"]);
        }

        return graph.AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, sizes[^1]])).ToBytes();
    }

    /// <summary>Values from 0 to 1 in every place; open axes are 1 long, and <paramref name="rows"/> the first of them.</summary>
    public static TensorBuffer[] MakeInputs(ModelSignature signature, int rows)
    {
        var random = new Random(1);
        return [.. signature.Inputs.Select(spec =>
        {
            // Samples of sound on an open last axis.
            long[] shape = [.. spec.Shape.Select((size, axis) => size >= 0 ? size : axis == 0 ? rows : axis == spec.Shape.Count - 1 ? 512 : 1)];
            var count = (int)shape.Aggregate(1L, static (product, size) => product * size);
            byte[] data = spec.Dtype switch
            {
                TensorDtype.Float16 => [.. MemoryMarshal.AsBytes<Half>([.. Enumerable.Range(0, count).Select(_ => (Half)random.NextSingle())])],
                TensorDtype.Int64 => [.. MemoryMarshal.AsBytes<long>([.. Enumerable.Repeat(16000L, count)])],
                _ => [.. MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, count).Select(_ => random.NextSingle())])],
            };
            return TensorBuffer.Of(spec.Dtype, shape, data);
        })];
    }

    /// <returns>The length of the difference in parts of the length of what was expected; NaN where either has one.</returns>
    public static double Distance(TensorBuffer expected, TensorBuffer got)
    {
        Assert.Equal(expected.Shape.ToArray(), got.Shape.ToArray());
        var (difference, length) = (0.0, 0.0);
        for (var index = 0; index < expected.ElementCount; index++)
        {
            var (a, b) = (At(expected, index), At(got, index));
            difference += (a - b) * (a - b);
            length += a * a;
        }

        return difference == 0 ? 0 : Math.Sqrt(difference / length);
    }

    private static double At(TensorBuffer tensor, int index) => tensor.Dtype == TensorDtype.Float16 ? (double)tensor.AsSpan<Half>()[index] : tensor.AsSpan<float>()[index];

    private static float[] Floats(Random random, int count, double bound) => [.. Enumerable.Range(0, count).Select(_ => (float)(((random.NextDouble() * 2) - 1) * bound))];
}
