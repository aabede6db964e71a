using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Load;

/// <summary>The models of the measurements on a GPU: networks of random weights whose shapes are those of models that people serve. One row of <c>x</c> gives one row of <c>y</c>.</summary>
internal sealed class GpuModels
{
    private readonly Random _random = new(7);
    private readonly OnnxGraphBuilder _graph;
    private int _values;

    private GpuModels(string name, params int[] shape) => _graph = new OnnxGraphBuilder(name).AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, .. shape]));

    /// <summary>Name, shape of a row, columns of the output and the file's content.</summary>
    public static IReadOnlyList<(string Name, int[] Shape, int Outputs, Func<byte[]> Make)> All { get; } =
    [
        ("tiny", [64], 1, static () => MakeNetwork("tiny", 64, 256, 256, 1)),
        ("wide", [1024], 1, static () => MakeNetwork("wide", 1024, 4096, 4096, 4096, 1)),
        ("resnet", [3, 64, 64], 10, MakeResidual),
        ("transformer", [64, 256], 8, MakeTransformer),
    ];

    private static byte[] MakeNetwork(string name, params int[] sizes)
    {
        var model = new GpuModels(name, sizes[0]);
        var value = "x";
        for (var layer = 0; layer + 1 < sizes.Length; layer++)
        {
            value = model.Add("Gemm", value, model.Weights(sizes[layer], sizes[layer], sizes[layer + 1]), model.Weights(100, sizes[layer + 1]));
            value = layer + 2 < sizes.Length ? model.Add("Relu", value) : value;
        }

        return model.Finish(value, sizes[^1]);
    }

    /// <summary>ResNet-18 for images of 64 x 64 (He et al., Deep Residual Learning for Image Recognition, table 1), without its first pooling.</summary>
    private static byte[] MakeResidual()
    {
        var model = new GpuModels("resnet", 3, 64, 64);
        var value = model.Add("Relu", model.Convolve("x", 3, 64, 3, 2));
        var channels = 64;
        foreach (var next in (int[])[64, 128, 256, 512])
        {
            for (var block = 0; block < 2; block++)
            {
                var stride = next == channels ? 1 : 2;
                var inner = model.Convolve(model.Add("Relu", model.Convolve(value, channels, next, 3, stride)), next, next, 3, 1);
                value = model.Add("Relu", model.Add("Add", inner, next == channels ? value : model.Convolve(value, channels, next, 1, stride)));
                channels = next;
            }
        }

        value = model.Add("Flatten", model.Add("GlobalAveragePool", value));
        return model.Finish(model.Add("Gemm", value, model.Weights(512, 512, 10), model.Weights(100, 10)), 10);
    }

    /// <summary>Four encoder layers of 4 heads over 64 tokens of width 256 (Vaswani et al., Attention Is All You Need, section 3.1).</summary>
    private static byte[] MakeTransformer()
    {
        const int Width = 256, Tokens = 64, Heads = 4;
        var model = new GpuModels("transformer", Tokens, Width);
        model._graph.AddInitializer("heads", [0L, Tokens, Heads, Width / Heads], 4).AddInitializer("joined", [0L, Tokens, Width], 3).AddInitializer("scale", [(float)(1 / Math.Sqrt(Width / Heads))], 1);
        var value = "x";
        for (var layer = 0; layer < 4; layer++)
        {
            var query = model.Split(value, Width, 0, 2, 1, 3);
            var key = model.Split(value, Width, 0, 2, 3, 1);
            var scores = model.Add("Softmax", model.Add("Mul", model.Add("MatMul", query, key), "scale"));
            var mixed = model.AddWith("Transpose", [OnnxAttribute.Of("perm", [0L, 2, 1, 3])], model.Add("MatMul", scores, model.Split(value, Width, 0, 2, 1, 3)));
            value = model.Normalize(model.Add("Add", value, model.Add("MatMul", model.Add("Reshape", mixed, "joined"), model.Weights(Width, Width, Width))), Width);
            var hidden = model.Add("Relu", model.Add("MatMul", value, model.Weights(Width, Width, 4 * Width)));
            value = model.Normalize(model.Add("Add", value, model.Add("MatMul", hidden, model.Weights(4 * Width, 4 * Width, Width))), Width);
        }

        value = model.AddWith("ReduceMean", [OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 0)], value);
        return model.Finish(model.Add("MatMul", value, model.Weights(Width, Width, 8)), 8);
    }

    private string Split(string value, int width, params long[] order) =>
        AddWith("Transpose", [OnnxAttribute.Of("perm", order)], Add("Reshape", Add("MatMul", value, Weights(width, width, width)), "heads"));

    private string Normalize(string value, int width)
    {
        var (scale, bias) = (Next(), Next());
        var ones = new float[width];
        ones.AsSpan().Fill(1);
        _graph.AddInitializer(scale, ones, width).AddInitializer(bias, new float[width], width);
        return Add("LayerNormalization", value, scale, bias);
    }

    private string Convolve(string value, int from, int to, int size, int stride)
    {
        long[] pads = [size / 2, size / 2, size / 2, size / 2];
        return AddWith(
            "Conv", [OnnxAttribute.Of("kernel_shape", [(long)size, size]), OnnxAttribute.Of("strides", [(long)stride, stride]), OnnxAttribute.Of("pads", pads)],
            value, Weights(from * size * size, to, from, size, size), Weights(100, to));
    }

    private string Add(string operatorType, params string[] inputs) => AddWith(operatorType, [], inputs);

    private string AddWith(string operatorType, OnnxAttribute[] attributes, params string[] inputs)
    {
        var output = Next();
        _graph.AddNode(operatorType, inputs, [output], attributes);
        return output;
    }

    /// <summary>Values whose mean square is 2 in parts of what they are summed over, which keeps values in range from layer to layer.</summary>
    private string Weights(int summed, params long[] shape)
    {
        var name = Next();
        var values = new float[shape.Aggregate(1L, static (product, size) => product * size)];
        var bound = Math.Sqrt(6.0 / summed);
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = (float)(((_random.NextDouble() * 2) - 1) * bound);
        }

        _graph.AddInitializer(name, values, shape);
        return name;
    }

    private string Next() => $"v{_values++}";

    private byte[] Finish(string value, int columns)
    {
        _graph.AddNode("Identity", [value], ["y"]).AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, columns]));
        return _graph.ToBytes();
    }
}
