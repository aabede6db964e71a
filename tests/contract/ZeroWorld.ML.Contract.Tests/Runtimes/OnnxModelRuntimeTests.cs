using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;

namespace ZeroWorld.ML.Contract.Tests;

public class OnnxModelRuntimeTests : ModelRuntimeContract
{
    protected override IModelRuntime Runtime { get; } = new OnnxModelRuntime(new OnnxRuntimeOptions());

    protected override string ModelFile => "model.onnx";

    protected override void Write(string path, ContractModel model)
    {
        var graph = new OnnxGraphBuilder("contract");
        foreach (var input in model.Inputs)
        {
            graph.AddInput(input);
        }

        switch (model.Kind)
        {
            case ContractModelKind.Affine:
                graph.AddInitializer("two", [2f], [1]).AddInitializer("one", [1f], [1]).AddNode("Mul", ["x", "two"], ["double"]).AddNode("Add", ["double", "one"], ["y"]);
                break;
            case ContractModelKind.SumAndDifference:
                graph.AddNode("Add", ["a", "b"], ["sum"]).AddNode("Sub", ["a", "b"], ["difference"]);
                break;
            case ContractModelKind.Gather:
                graph.AddNode("Gather", ["x", "index"], ["y"]);
                break;
            default:
                graph.AddNode("Identity", ["x"], ["y"]);
                break;
        }

        foreach (var output in model.Outputs)
        {
            graph.AddOutput(output);
        }

        File.WriteAllBytes(path, graph.ToBytes());
    }
}
