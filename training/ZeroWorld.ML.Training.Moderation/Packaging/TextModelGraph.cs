using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A text model as an ONNX file: <c>ids</c> INT64 [rows, n] and <c>weights</c> FP32 [rows, n] to <c>probability</c> FP32 [rows, labels].</summary>
/// <remarks>A row of fewer features than n is filled with id 0 and weight 0. The graph gathers the ids' rows of weights, adds them up, and calibrates.</remarks>
public static class TextModelGraph
{
    public const string Ids = "ids";
    public const string Weights = "weights";
    public const string Output = "probability";

    /// <summary>Writes the file, whole or not at all.</summary>
    public static void Write(string path, TextModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (weights, columns) = (model.Weights, model.Weights.Labels);
        var table = new float[weights.Size * columns];
        for (var id = 0; id < weights.Size; id++)
        {
            weights.Array.AsSpan(id * weights.Stride, columns).CopyTo(table.AsSpan(id * columns));
        }

        var graph = new OnnxGraphBuilder("text")
            .AddInput(new TensorSpec(Ids, TensorDtype.Int64, [-1, -1]))
            .AddInput(new TensorSpec(Weights, TensorDtype.Float32, [-1, -1]))
            .AddInitializer("table", table, weights.Size, columns)
            .AddInitializer("bias", weights.Bias.AsSpan(0, columns), columns)
            .AddInitializer("scale", [.. model.Calibration.Scales], columns)
            .AddInitializer("offset", [.. model.Calibration.Offsets], columns)
            .AddInitializer("axis", [1L], 1)
            .AddNode("Gather", ["table", Ids], ["rows_of_ids"], [OnnxAttribute.Of("axis", 0L)])
            .AddNode("Unsqueeze", [Weights, "axis"], ["weights_as_row"])
            .AddNode("MatMul", ["weights_as_row", "rows_of_ids"], ["sums_as_row"])
            .AddNode("Squeeze", ["sums_as_row", "axis"], ["sums"])
            .AddNode("Add", ["sums", "bias"], ["margins"])
            .AddNode("Mul", ["margins", "scale"], ["scaled"])
            .AddNode("Add", ["scaled", "offset"], ["log_odds"]);
        if (columns < model.Labels.Count)
        {
            graph.AddInitializer("one", [1f], 1)
                .AddNode("Sigmoid", ["log_odds"], ["second"])
                .AddNode("Sub", ["one", "second"], ["first"])
                .AddNode("Concat", ["first", "second"], [Output], [OnnxAttribute.Of("axis", 1L)]);
        }
        else if (model.IsExclusive)
        {
            graph.AddNode("Softmax", ["log_odds"], [Output], [OnnxAttribute.Of("axis", 1L)]);
        }
        else
        {
            graph.AddNode("Sigmoid", ["log_odds"], [Output]);
        }

        graph.AddOutput(new TensorSpec(Output, TensorDtype.Float32, [-1, model.Labels.Count]))
            .SetMetadata("text_features", model.Featurizer.Settings.Canonical)
            .Write(path);
    }
}
