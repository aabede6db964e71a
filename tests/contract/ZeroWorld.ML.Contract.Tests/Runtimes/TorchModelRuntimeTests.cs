using ZeroWorld.ML.Models.Torch;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.TorchSharp;

namespace ZeroWorld.ML.Contract.Tests;

public class TorchModelRuntimeTests : ModelRuntimeContract
{
    protected override IModelRuntime Runtime { get; } = new TorchModelRuntime();

    protected override string ModelFile => "model.pt";

    protected override void Write(string path, ContractModel model)
    {
        var script = new TorchScriptBuilder();
        string[] inputs = [.. model.Inputs.Select(spec => script.AddInput(spec.Name))];
        string[] results = model.Kind switch
        {
            ContractModelKind.Affine => [script.Node("add", script.Node("mul", inputs[0], "2"), "1")],
            ContractModelKind.SumAndDifference => [script.Node("add", inputs[0], inputs[1]), script.Node("sub", inputs[0], inputs[1])],
            ContractModelKind.Gather => [script.Node("index_select", inputs[0], "0", inputs[1])],
            _ => [script.Node("clone", inputs[0])],
        };
        script.Write(path, results);
    }
}
