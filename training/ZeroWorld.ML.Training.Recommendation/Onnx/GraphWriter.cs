using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Names the values of a graph by themselves, so that a graph reads as a formula.</summary>
internal sealed class GraphWriter(string name)
{
    /// <summary>Protobuf ends at 2 GiB; half of that leaves room for what a runtime copies.</summary>
    internal const long BytesMax = 1L << 30;

    private readonly OnnxGraphBuilder _builder = new(name);
    private int _count;
    private long _bytes;

    internal string Input(string input, TensorDtype dtype, params IReadOnlyList<long> shape)
    {
        _builder.AddInput(new TensorSpec(input, dtype, shape));
        return input;
    }

    internal string Constant(ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        _bytes += (long)values.Length * sizeof(float);
        if (_bytes > BytesMax)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"The model's constants take {_bytes >> 20} MiB and more in ONNX; expected at most {BytesMax >> 20}. Keep fewer neighbours, or use a smaller catalogue.");
        }

        var constant = $"c{_count++}";
        _builder.AddInitializer(constant, values, shape);
        return constant;
    }

    internal string Constant(ReadOnlySpan<long> values, params ReadOnlySpan<long> shape)
    {
        var constant = $"c{_count++}";
        _builder.AddInitializer(constant, values, shape);
        return constant;
    }

    internal string Axes(params ReadOnlySpan<long> axes) => Constant(axes, axes.Length);

    internal string Node(string type, IReadOnlyList<string> inputs, params IEnumerable<OnnxAttribute> attributes)
    {
        var output = $"v{_count++}";
        _builder.AddNode(type, inputs, [output], attributes);
        return output;
    }

    /// <summary>x Wᵀ + b for weights [outputs, inputs].</summary>
    internal string Linear(string input, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int inputs, int outputs)
    {
        var turned = new float[weights.Length];
        for (var row = 0; row < outputs; row++)
        {
            for (var column = 0; column < inputs; column++)
            {
                turned[(column * outputs) + row] = weights[(row * inputs) + column];
            }
        }

        var product = Node("MatMul", [input, Constant(turned, inputs, outputs)]);
        return bias.IsEmpty ? product : Node("Add", [product, Constant(bias, outputs)]);
    }

    /// <summary>The product with each of the vectors [items, length].</summary>
    internal string ProductWithAll(string query, ReadOnlySpan<float> vectors, int length) => Linear(query, vectors, [], length, vectors.Length / length);

    /// <summary>Zeros of [rows of a value, columns].</summary>
    internal string ZerosLike(string value, long columns)
    {
        var rows = Node("Slice", [Node("Shape", [value]), Axes(0), Axes(1)]);
        return Node("ConstantOfShape", [Node("Concat", [rows, Axes(columns)], OnnxAttribute.Of("axis", 0L))]);
    }

    internal string ScatterAdd(string zeros, string indexes, string values) =>
        Node("ScatterElements", [zeros, indexes, values], OnnxAttribute.Of("axis", 1L), OnnxAttribute.Of("reduction", "add"));

    internal void Output(string value, string output, TensorDtype dtype, params IReadOnlyList<long> shape)
    {
        _builder.AddNode("Identity", [value], [output]);
        _builder.AddOutput(new TensorSpec(output, dtype, shape));
    }

    internal (string Values, string Indexes) TopK(string values, int count)
    {
        var (best, places) = ($"v{_count++}", $"v{_count++}");
        _builder.AddNode("TopK", [values, Axes(count)], [best, places], [OnnxAttribute.Of("axis", -1L)]);
        return (best, places);
    }

    /// <summary>The best items with their scores, as two outputs.</summary>
    internal void TopOutputs(string scores, int count)
    {
        _builder.AddNode("TopK", [scores, Axes(count)], ["top_scores", "top_items"], [OnnxAttribute.Of("axis", -1L)]);
        _builder.AddOutput(new TensorSpec("top_scores", TensorDtype.Float32, [-1, count]));
        _builder.AddOutput(new TensorSpec("top_items", TensorDtype.Int64, [-1, count]));
    }

    internal void Write(string path) => _builder.Write(path);
}
