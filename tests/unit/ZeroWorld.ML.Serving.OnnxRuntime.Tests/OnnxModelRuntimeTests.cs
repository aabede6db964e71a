using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

public sealed class OnnxModelRuntimeTests
{
    [Fact]
    public void Build_Always_NamesEngineAndVersion() => Assert.Matches(@"^onnxruntime \d+\.\d+\.\d+$", new OnnxModelRuntime(new OnnxRuntimeOptions()).Build);

    [Fact]
    public void Open_BytesThatAreNoModel_IsRefusedWithASentence()
    {
        using var file = new OnnxFile("this is no model"u8.ToArray());

        var exception = Assert.Throws<ServingException>(() => file.Open());

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("'model.onnx'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OperatorThatTheEngineDoesNotKnow_IsRefusedAndNamed()
    {
        using var file = OnnxFile.OfNode("Frobnicate", [new("x", TensorDtype.Float32, [-1])], [new("y", TensorDtype.Float32, [-1])]);

        var exception = Assert.Throws<ServingException>(() => file.Open());

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("Frobnicate", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SequenceOutput_IsRefusedAndNamed()
    {
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Float32, [-1, 2]))
            .AddNode("SequenceConstruct", ["x"], ["y"])
            .AddOutput(new("y", TensorDtype.Float32, [-1, 2]));
        using var file = new OnnxFile(graph);

        var exception = Assert.Throws<ServingException>(() => file.Open());

        Assert.Equal(ServingError.ModelRefused, exception.Error);
    }

    [Fact]
    public void Open_GpuWithABuildForTheCpu_IsRefusedWithTheWayOut()
    {
        using var file = OnnxFile.OfNode("Identity", [new("x", TensorDtype.Float32, [-1])], [new("y", TensorDtype.Float32, [-1])]);

        var exception = Assert.Throws<ServingException>(() => file.Open("cuda:0"));

        Assert.Contains("-p:Accelerator=cuda", exception.Message, StringComparison.Ordinal);
    }
}
