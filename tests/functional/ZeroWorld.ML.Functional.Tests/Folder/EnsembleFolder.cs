using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Three models of one tensor of two numbers a row, and ensembles of them: <c>all</c> in the folder from the start, others by name.</summary>
internal static class EnsembleFolder
{
    // raw -> neg -> both of abs and double; the steps are not written in their order.
    public const string Config = """
        platform: "ensemble"
        max_batch_size: 8
        input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
        output [ { name: "size" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "twice" data_type: TYPE_FP32 dims: [ 2 ] } ]
        ensemble_scheduling { step [
          { model_name: "abs" model_version: -1 input_map { key: "x" value: "turned" } output_map { key: "y" value: "size" } },
          { model_name: "double" model_version: 1 input_map { key: "x" value: "turned" } output_map { key: "y" value: "twice" } },
          { model_name: "neg" model_version: -1 input_map { key: "x" value: "raw" } output_map { key: "y" value: "turned" } }
        ] }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The size that the inner one gives, doubled.
    public static void AddOuter(FolderServer server, string name, string inner)
    {
        AddEnsemble(
            server,
            name,
            $$"""
            platform: "ensemble"
            max_batch_size: 8
            input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
            output [ { name: "size" data_type: TYPE_FP32 dims: [ 2 ] } ]
            ensemble_scheduling { step [
              { model_name: "{{inner}}" model_version: -1 input_map { key: "raw" value: "raw" } output_map { key: "size" value: "inner" } },
              { model_name: "double" model_version: -1 input_map { key: "x" value: "inner" } output_map { key: "y" value: "size" } }
            ] }
            """);
    }

    // A chain of 40 times the inner one.
    public static void AddLong(FolderServer server, string name, string inner, string input, string output)
    {
        var steps = Enumerable.Range(0, 40).Select(
            index => $$"""{ model_name: "{{inner}}" model_version: -1 input_map { key: "{{input}}" value: "{{(index == 0 ? "raw" : $"out{index - 1}")}}" } output_map { key: "{{output}}" value: "out{{index}}" } }""");
        AddEnsemble(
            server,
            name,
            $$"""
            platform: "ensemble"
            max_batch_size: 8
            input [ { name: "raw" data_type: TYPE_FP32 dims: [ 2 ] } ]
            output [ { name: "out39" data_type: TYPE_FP32 dims: [ 2 ] } ]
            ensemble_scheduling { step [ {{string.Join(", ", steps)}} ] }
            """);
    }

    public static void AddEnsemble(FolderServer server, string name, string config)
    {
        server.Configure(name, config, "config.pbtxt");
        Directory.CreateDirectory(Path.Combine(server.Models, name, "1"));
    }

    public static async Task<string[]> ListReadyAsync(FolderServer server) =>
        [.. (await server.Servables.GetIndexAsync(readyOnly: true, Cancellation)).Select(static entry => entry.Model.Name).Order(StringComparer.Ordinal)];

    public static async Task<FolderServer> StartAsync(params (string Key, string Value)[] settings)
    {
        var server = Create();
        await server.StartAsync(Cancellation, settings);
        return server;
    }

    public static FolderServer Create()
    {
        var server = new FolderServer();
        foreach (var (name, node, second) in new[] { ("neg", "Neg", ""), ("abs", "Abs", ""), ("double", "Add", "x") })
        {
            server.Add(name, 1, new OnnxGraphBuilder(name).AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode(node, second == "" ? ["x"] : ["x", second], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2])).ToBytes());
            server.Configure(name, "max_batch_size: 16", "config.pbtxt");
        }

        AddEnsemble(server, "all", Config);
        return server;
    }

    public static InferenceInput Raw(int rows, float value) => new("raw", "FP32", [rows, 2], MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(value, rows * 2)]).ToArray());

    public static float[] Values(TensorBuffer tensor) => MemoryMarshal.Cast<byte, float>(tensor.ToRaw().Span).ToArray();
}
