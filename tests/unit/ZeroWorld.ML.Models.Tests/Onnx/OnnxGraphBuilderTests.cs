using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models.Tests.Onnx;

public sealed class OnnxGraphBuilderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_EveryKindOfAttributeAndInitializer_RunsInTheRuntime()
    {
        Linear().Write(_folder.File("model.onnx"));

        using var session = new InferenceSession(_folder.File("model.onnx"));
        using var input = OrtValue.CreateTensorValueFromMemory(new float[] { 1, 2, 3, 4 }, [2, 2]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [input], ["y"]);
        Assert.Equal([2L, 1L], outputs[0].GetTensorTypeAndShape().Shape);
        Assert.Equal([0.5f * (10 + 40) + 1, 0.5f * (30 + 80) + 1], outputs[0].GetTensorDataAsSpan<float>().ToArray());
        Assert.Equal("value", session.ModelMetadata.CustomMetadataMap["key"]);
    }

    [Fact]
    public async Task Write_TreesAndLinear_PassTheCheckerOfTheStandard()
    {
        Linear().Write(_folder.File("linear.onnx"));
        TreeEnsembleGraph.Write(_folder.File("trees.onnx"), RandomTrees.Ensemble(new Random(3), 20, 15, 16));

        foreach (var model in new[] { "linear.onnx", "trees.onnx" })
        {
            var (exitCode, output) = await PythonAsync(
                $"import onnx; m = onnx.load('{_folder.File(model)}'); onnx.checker.check_model(m, full_check=True); print('valid', m.graph.input[0].type.tensor_type.shape.dim[0].dim_param)");

            Assert.True(exitCode == 0, output);
            Assert.Equal("valid rows", output.Trim());
        }
    }

    [Fact]
    public void AddNode_UnknownInput_IsRefusedByName() => AssertRefused(
        "The node Relu reads 'z', which no input, initializer or earlier node gives.", () => New().AddNode("Relu", ["z"], ["y"]));

    [Fact]
    public void AddNode_TakenOutput_IsRefusedByName() => AssertRefused("The value 'x' has a name that is taken", () => New().AddNode("Relu", ["x"], ["x"]));

    [Fact]
    public void AddInitializer_ShapeOfAnotherSize_IsRefused() => AssertRefused(
        "The initializer 'w' has 3 elements; its shape [2, 2] holds 4.", () => New().AddInitializer("w", [1f, 2f, 3f], 2, 2));

    [Fact]
    public void AddInput_NegativeSize_IsRefused() => AssertRefused(
        "The axis 1 of 'y' has the size -2", () => New().AddInput(new TensorSpec("y", TensorDtype.Int64, [-1, -2])));

    [Fact]
    public void ToBytes_NoOutputOrOneThatNothingGives_IsRefused()
    {
        AssertRefused("has no output", () => New().ToBytes());
        AssertRefused("No node gives the output 'y'.", () => New().AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1])).ToBytes());
    }

    [Fact]
    public void ToBytes_NodeOfAForeignOperatorSet_NeedsItsVersion()
    {
        var graph = New().AddNode("Own", ["x"], ["y"], domain: "custom").AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1]));

        AssertRefused("the operator set 'custom', for which no version was set", () => graph.ToBytes());
        File.WriteAllBytes(_folder.File("own.onnx"), graph.SetOpset("custom", 2).ToBytes());
        Assert.Equal(2, OnnxModelReader.Read(_folder.File("own.onnx")).Opsets["custom"]);
    }

    private static OnnxGraphBuilder New() => new OnnxGraphBuilder("test").AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, 2]));

    // y = 0.5 x W + 1, with W given transposed.
    private static OnnxGraphBuilder Linear() => New()
        .AddInitializer("w", [10f, 20f], 1, 2)
        .AddInitializer("b", [1f], 1)
        .AddInitializer("target", [-1L, 1L], 2)
        .AddNode("Gemm", ["x", "w", "b"], ["flat"], [OnnxAttribute.Of("alpha", 0.5f), OnnxAttribute.Of("transB", 1L)])
        .AddNode("Reshape", ["flat", "target"], ["y"])
        .AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, 1]))
        .SetMetadata("key", "value");

    private static void AssertRefused(string reason, Func<object> act)
    {
        var exception = Assert.Throws<RegistryException>(act);
        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    // The system's own interpreter has the package python3-onnx; one from elsewhere may come first in PATH without it.
    private static async Task<(int ExitCode, string Output)> PythonAsync(string script)
    {
        string[] candidates = ["/usr/bin/python3", "python3"];
        foreach (var python in candidates.Where(python => !Path.IsPathRooted(python) || File.Exists(python)))
        {
            if ((await StartAsync(python, "import onnx")).ExitCode == 0)
            {
                return await StartAsync(python, script);
            }
        }

        Assert.Skip("No python3 with the package onnx (Debian: python3-onnx).");
        return default;
    }

    private static async Task<(int ExitCode, string Output)> StartAsync(string python, string script)
    {
        var start = new ProcessStartInfo(python) { ArgumentList = { "-c", script }, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, output + await errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, $"{python} is not installed");
        }
    }
}
