using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>SASRec as ONNX.</summary>
internal static class SelfAttentionGraph
{
    internal static string Add(GraphWriter graph, SelfAttentionModel model, string history, string last)
    {
        var settings = model.Settings;
        var (size, longest) = (settings.Dimensions, settings.HistoryMax);
        var length = graph.Node("Slice", [graph.Node("Shape", [history]), graph.Axes(1), graph.Axes(2)]);
        var positions = graph.Node("Slice", [graph.Constant(model.Positions, longest, size), graph.Axes(0), length, graph.Axes(0)]);
        var scaled = graph.Node("Mul", [graph.Node("Gather", [graph.Constant(model.ItemVectors, model.ItemCount, size), history]), graph.Constant([MathF.Sqrt(size)], 1)]);
        var values = graph.Node("Add", [scaled, positions]);
        var future = graph.Node("Slice", [graph.Constant(Future(longest), longest, longest), graph.Axes(0, 0), graph.Node("Concat", [length, length], OnnxAttribute.Of("axis", 0L)), graph.Axes(0, 1)]);
        foreach (var block in model.Blocks)
        {
            values = Attend(graph, values, block, future, settings);
        }

        // The newest place of each row.
        var newest = graph.Node("ReduceSum", [graph.Node("Mul", [values, graph.Node("Unsqueeze", [last, graph.Axes(2)])]), graph.Axes(1)], OnnxAttribute.Of("keepdims", 0L));
        return graph.ProductWithAll(Normalise(graph, newest, model.Scale, model.Shift), model.ItemVectors, size);
    }

    private static string Attend(GraphWriter graph, string values, float[][] block, string future, SequenceSettings settings)
    {
        var (size, heads) = (settings.Dimensions, settings.Heads);
        var input = Normalise(graph, values, block[0], block[1]);
        var (queries, keys, contents) = (Split(block[2], 0, 2, 1, 3), Split(block[3], 0, 2, 3, 1), Split(block[4], 0, 2, 1, 3));
        var raw = graph.Node("Mul", [graph.Node("MatMul", [queries, keys]), graph.Constant([1 / MathF.Sqrt(size / heads)], 1)]);
        var attention = graph.Node("Softmax", [graph.Node("Add", [raw, future])], OnnxAttribute.Of("axis", -1L));
        var mixed = graph.Node("Transpose", [graph.Node("MatMul", [attention, contents])], OnnxAttribute.Of("perm", (long[])[0, 2, 1, 3]));
        var output = graph.Linear(graph.Node("Reshape", [mixed, graph.Axes(0, 0, size)]), block[5], [], size, size);
        values = graph.Node("Add", [values, output]);
        var inner = graph.Node("Relu", [graph.Linear(Normalise(graph, values, block[6], block[7]), block[8], block[9], size, settings.Hidden)]);
        return graph.Node("Add", [values, graph.Linear(inner, block[10], block[11], settings.Hidden, size)]);

        string Split(float[] weights, params long[] order) => graph.Node(
            "Transpose", [graph.Node("Reshape", [graph.Linear(input, weights, [], size, size), graph.Axes(0, 0, heads, size / heads)])], OnnxAttribute.Of("perm", order));
    }

    private static string Normalise(GraphWriter graph, string values, float[] scale, float[] shift) => graph.Node(
        "LayerNormalization", [values, graph.Constant(scale, scale.Length), graph.Constant(shift, shift.Length)],
        OnnxAttribute.Of("axis", -1L), OnnxAttribute.Of("epsilon", (float)SelfAttentionModel.Epsilon));

    /// <summary>0 up to the diagonal, a number below all logits beyond it.</summary>
    private static float[] Future(int length)
    {
        var mask = new float[length * length];
        for (var row = 0; row < length; row++)
        {
            mask.AsSpan((row * length) + row + 1, length - row - 1).Fill(-1e9f);
        }

        return mask;
    }
}
