using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A convolution over word pieces as an ONNX file: <c>input_ids</c> INT64 [rows, pieces], filled up with 0, to <c>probability</c> FP32 [rows, labels], calibration included.</summary>
public static class ConvolutionGraph
{
    public const string Ids = "input_ids";
    public const string Output = "probability";

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="calibration">Of the labels' margins, one each.</param>
    /// <param name="isExclusive">Softmax, else sigmoid.</param>
    public static void Write(string path, ConvolutionWeights weights, Calibration calibration, bool isExclusive)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(calibration);
        var settings = weights.Settings;
        var (labels, answers) = (weights.HeadBias.Length, new List<string>());
        var graph = new OnnxGraphBuilder("text_convolution")
            .AddInput(new TensorSpec(Ids, TensorDtype.Int64, [-1, -1]))
            .AddInitializer("vectors", weights.Vectors, weights.Vectors.Length / settings.Dimensions, settings.Dimensions)
            .AddNode("Gather", ["vectors", Ids], ["vectors_of_pieces"], [OnnxAttribute.Of("axis", 0L)])
            .AddNode("Transpose", ["vectors_of_pieces"], ["by_dimension"], [OnnxAttribute.Of("perm", (IEnumerable<long>)[0, 2, 1])]);
        for (var place = 0; place < settings.Widths.Count; place++)
        {
            long width = settings.Widths[place];
            graph.AddInitializer($"kernel_{place}", weights.Kernels[place], settings.Filters, settings.Dimensions, width)
                .AddInitializer($"bias_{place}", weights.KernelBias[place], settings.Filters)
                .AddNode(
                    "Conv", ["by_dimension", $"kernel_{place}", $"bias_{place}"], [$"filtered_{place}"],
                    [OnnxAttribute.Of("kernel_shape", (IEnumerable<long>)[width]), OnnxAttribute.Of("pads", (IEnumerable<long>)[width, width])])
                .AddNode("Relu", [$"filtered_{place}"], [$"positive_{place}"])
                .AddNode("GlobalMaxPool", [$"positive_{place}"], [$"strongest_{place}"])
                .AddNode("Flatten", [$"strongest_{place}"], [$"answer_{place}"]);
            answers.Add($"answer_{place}");
        }

        graph.AddNode("Concat", answers, ["answers"], [OnnxAttribute.Of("axis", 1L)])
            .AddInitializer("head", weights.Head, labels, settings.Filters * settings.Widths.Count)
            .AddInitializer("head_bias", weights.HeadBias, labels)
            .AddInitializer("scale", [.. calibration.Scales], labels)
            .AddInitializer("offset", [.. calibration.Offsets], labels)
            .AddNode("Gemm", ["answers", "head", "head_bias"], ["margins"], [OnnxAttribute.Of("transB", 1L)])
            .AddNode("Mul", ["margins", "scale"], ["scaled"])
            .AddNode("Add", ["scaled", "offset"], ["log_odds"])
            .AddNode(isExclusive ? "Softmax" : "Sigmoid", ["log_odds"], [Output], isExclusive ? [OnnxAttribute.Of("axis", 1L)] : [])
            .AddOutput(new TensorSpec(Output, TensorDtype.Float32, [-1, labels]))
            .Write(path);
    }
}
