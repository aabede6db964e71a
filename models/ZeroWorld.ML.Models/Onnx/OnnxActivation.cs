using Google.Protobuf;
using ZeroWorld.ML.Models.Onnx.Protos;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Puts a softmax or a sigmoid behind an output of a model, so that it gives probabilities.</summary>
public static class OnnxActivation
{
    /// <summary>The new output.</summary>
    public const string Output = "probability";

    private const long FileBytesMax = 1L << 31;

    /// <param name="path">A file whose weights may lie in files beside it.</param>
    /// <param name="output">An output of FP32 [rows, labels]; it goes, and <see cref="Output"/> comes in its place.</param>
    /// <param name="isExclusive">Softmax over the labels; else a sigmoid of each.</param>
    /// <param name="outputPath">Receives the new file, in the same folder where weights lie beside it.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the file has no such output, has a value of the new name already, or is larger than 2 GiB.</exception>
    public static void Append(string path, string output, bool isExclusive, string outputPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(output);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        if (new FileInfo(path).Length >= FileBytesMax)
        {
            throw Invalid(path, "it is larger than 2 GiB; expected its weights in files beside it");
        }

        ModelProto model;
        using (var stream = File.OpenRead(path))
        {
            model = ModelProto.Parser.ParseFrom(stream);
        }

        var logits = model.Graph.Output.FirstOrDefault(value => value.Name == output)
            ?? throw Invalid(path, $"it has no output '{output}'; expected one of {string.Join(", ", model.Graph.Output.Select(static value => $"'{value.Name}'"))}");
        if (model.Graph.Node.Any(static node => node.Output.Contains(Output)) || model.Graph.Input.Any(static value => value.Name == Output))
        {
            throw Invalid(path, $"it has a value '{Output}' already");
        }

        var node = new NodeProto { Name = Output, OpType = isExclusive ? "Softmax" : "Sigmoid", Input = { output }, Output = { Output } };
        if (isExclusive)
        {
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 1 });
        }

        model.Graph.Node.Add(node);
        var probability = logits.Clone();
        probability.Name = Output;
        model.Graph.Output[model.Graph.Output.IndexOf(logits)] = probability;
        AtomicFile.Write(outputPath, model.ToByteArray());
    }

    private static RegistryException Invalid(string path, string problem) => new(RegistryError.InvalidInput, $"The ONNX model '{Path.GetFileName(path)}' cannot give probabilities: {problem}.");
}
