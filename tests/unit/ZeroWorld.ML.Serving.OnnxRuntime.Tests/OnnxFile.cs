using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

/// <summary>A model file in a folder of its own, opened as a package would be.</summary>
internal sealed class OnnxFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-test-");

    public OnnxFile(byte[] bytes) => File.WriteAllBytes(Package.ModelPath, bytes);

    public OnnxFile(OnnxGraphBuilder graph)
        : this(graph.ToBytes())
    {
    }

    public ModelPackage Package => new(_folder.FullName, Manifest, "sha256:0") { Settings = Settings };

    public ModelSettings Settings { get; init; } = ModelSettings.Default;

    private static ModelManifest Manifest { get; } = new()
    {
        Format = 1,
        Project = "default",
        Name = "test",
        Runtime = "onnx",
        Files = new Dictionary<string, PackageFile>(),
        ModelFile = "model.onnx",
        Inputs = [],
        Outputs = [],
        Golden = new GoldenReference("golden.json", 0, 0),
        Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch },
    };

    /// <summary>One node that reads all inputs and gives all outputs.</summary>
    public static OnnxFile OfNode(string operatorType, TensorSpec[] inputs, TensorSpec[] outputs, params OnnxAttribute[] attributes)
    {
        var graph = new OnnxGraphBuilder("test");
        foreach (var input in inputs)
        {
            graph.AddInput(input);
        }

        graph.AddNode(operatorType, [.. inputs.Select(input => input.Name)], [.. outputs.Select(output => output.Name)], attributes);
        foreach (var output in outputs)
        {
            graph.AddOutput(output);
        }

        return new OnnxFile(graph);
    }

    public IModelInstance Open(string device = "cpu") => new OnnxModelRuntime(new OnnxRuntimeOptions { ThreadsPerModel = 4 }).Open(Package, device);

    public void Dispose() => _folder.Delete(recursive: true);
}
