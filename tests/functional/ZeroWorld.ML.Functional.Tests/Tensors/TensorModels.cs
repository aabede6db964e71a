using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Small models that are called with tensors, as real packages.</summary>
internal static class TensorModels
{
    /// <summary>INPUT0 + INPUT1 and INPUT0 - INPUT1, INT32 [rows, 16]: the model that every client of the protocol has an example for.</summary>
    public static Task<ModelPackage> WriteSimpleAsync(string folder, CancellationToken cancellationToken)
    {
        TensorSpec[] inputs = [new("INPUT0", TensorDtype.Int32, [-1, 16]), new("INPUT1", TensorDtype.Int32, [-1, 16])];
        TensorSpec[] outputs = [new("OUTPUT0", TensorDtype.Int32, [-1, 16]), new("OUTPUT1", TensorDtype.Int32, [-1, 16])];
        var graph = Graph("simple", inputs, outputs).AddNode("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]).AddNode("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"]);
        var ones = Enumerable.Repeat(1.0, 16).ToArray();
        var counted = Enumerable.Range(0, 16).Select(index => (double)index).ToArray();
        var sample = new GoldenSample(
            new Dictionary<string, GoldenTensor> { ["INPUT0"] = new([1, 16], counted), ["INPUT1"] = new([1, 16], ones) },
            new Dictionary<string, GoldenTensor>
            {
                ["OUTPUT0"] = new([1, 16], [.. counted.Select(value => value + 1)]), ["OUTPUT1"] = new([1, 16], [.. counted.Select(value => value - 1)]),
            });
        return WriteAsync(folder, "simple", graph, inputs, outputs, sample, [], cancellationToken);
    }

    /// <summary>OUTPUT0 is INPUT0, of the given datatype and row shape; with the labels of a classifier.</summary>
    public static Task<ModelPackage> WriteIdentityAsync(
        string folder, string name, TensorDtype dtype, IReadOnlyList<long> shape, CancellationToken cancellationToken, IReadOnlyList<string>? labels = null)
    {
        TensorSpec[] inputs = [new("INPUT0", dtype, shape)];
        TensorSpec[] outputs = [new("OUTPUT0", dtype, shape)];
        long[] one = [.. shape.Select(size => size == -1 ? 1 : size)];
        var values = Enumerable.Range(0, (int)one.Aggregate(1L, (product, size) => product * size)).Select(index => (double)(index % 2)).ToArray();
        var sample = new GoldenSample(
            new Dictionary<string, GoldenTensor> { ["INPUT0"] = new(one, values) }, new Dictionary<string, GoldenTensor> { ["OUTPUT0"] = new(one, values) });
        return WriteAsync(folder, name, Graph(name, inputs, outputs).AddNode("Identity", ["INPUT0"], ["OUTPUT0"]), inputs, outputs, sample, labels ?? [], cancellationToken);
    }

    private static OnnxGraphBuilder Graph(string name, TensorSpec[] inputs, TensorSpec[] outputs)
    {
        var graph = new OnnxGraphBuilder(name);
        foreach (var input in inputs)
        {
            graph.AddInput(input);
        }

        foreach (var output in outputs)
        {
            graph.AddOutput(output);
        }

        return graph;
    }

    private static Task<ModelPackage> WriteAsync(
        string folder, string name, OnnxGraphBuilder graph, TensorSpec[] inputs, TensorSpec[] outputs, GoldenSample sample, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        graph.Write(Path.Combine(folder, "model.onnx"));
        return ModelPackageWriter.WriteAsync(
            folder,
            new ModelPackageContent
            {
                Model = new ModelName("default", name),
                Inputs = [.. inputs.Select(static spec => new ManifestInput(spec.Name, spec.Dtype.ToName(), spec.Shape, []))],
                Outputs = [.. outputs.Select(static spec => new ManifestOutput(spec.Name, spec.Name, spec.Dtype.ToName(), spec.Shape))],
                Classes = labels,
                GoldenSamples = [sample],
                Lineage = new ModelLineage { CreatedTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) },
            },
            cancellationToken);
    }
}
