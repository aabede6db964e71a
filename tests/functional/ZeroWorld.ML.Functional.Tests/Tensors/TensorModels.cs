using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Small models that are called with tensors, in a model folder.</summary>
internal static class TensorModels
{
    /// <summary>INPUT0 + INPUT1 and INPUT0 - INPUT1, INT32 [rows, 16]: the model that every client of the protocol has an example for.</summary>
    public static void WriteSimple(string root, string name = "simple")
    {
        var graph = new OnnxGraphBuilder(name)
            .AddInput(new TensorSpec("INPUT0", TensorDtype.Int32, [-1, 16])).AddInput(new TensorSpec("INPUT1", TensorDtype.Int32, [-1, 16]))
            .AddNode("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]).AddNode("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"])
            .AddOutput(new TensorSpec("OUTPUT0", TensorDtype.Int32, [-1, 16])).AddOutput(new TensorSpec("OUTPUT1", TensorDtype.Int32, [-1, 16]));
        Write(root, name, graph, "max_batch_size: 8");
    }

    /// <summary>OUTPUT0 is INPUT0.</summary>
    public static void WriteIdentity(string root, string name, TensorDtype dtype, long[] shape, string config = "max_batch_size: 8", string configFile = "config.pbtxt") => Write(
        root,
        name,
        new OnnxGraphBuilder(name).AddInput(new TensorSpec("INPUT0", dtype, shape)).AddNode("Identity", ["INPUT0"], ["OUTPUT0"]).AddOutput(new TensorSpec("OUTPUT0", dtype, shape)),
        config,
        configFile);

    /// <summary>One number to one number, by way of so many multiplications that no machine is through in a few milliseconds.</summary>
    public static void WriteSlow(string root, string name)
    {
        const int Size = 1024;
        const int Layers = 8;
        var graph = new OnnxGraphBuilder(name).AddInput(new TensorSpec("INPUT0", TensorDtype.Float32, [1]))
            .AddInitializer("weights", new float[Size * Size], Size, Size).AddNode("Add", ["weights", "INPUT0"], ["h0"]);
        for (var layer = 0; layer < Layers; layer++)
        {
            graph.AddNode("MatMul", [$"h{layer}", "weights"], [$"h{layer + 1}"]);
        }

        Write(root, name, graph.AddNode("ReduceMean", [$"h{Layers}"], ["OUTPUT0"]).AddOutput(new TensorSpec("OUTPUT0", TensorDtype.Float32, [1, 1])), "max_batch_size: 0");
    }

    private static void Write(string root, string name, OnnxGraphBuilder graph, string config, string configFile = "config.pbtxt")
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, name, "1"));
        graph.Write(Path.Combine(folder.FullName, "model.onnx"));
        File.WriteAllText(Path.Combine(root, name, configFile), config);
    }
}
