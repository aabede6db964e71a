using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

public sealed class OnnxModelRuntimeTests
{
    [Fact]
    public void Build_Always_NamesEngineAndVersion() => Assert.Matches(@"^onnxruntime \d+\.\d+\.\d+, 4 threads$", new OnnxModelRuntime(new OnnxRuntimeOptions { ThreadsPerModel = 4 }).Build);

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

    [Fact]
    public void Open_ElementsOfFloat8_IsRefusedInsteadOfAnExceptionFromTheBinding()
    {
        var bytes = new OnnxGraphBuilder("test").SetOpset("", 19).AddInput(new("x", TensorDtype.Float32, [-1]))
            .AddNode("Cast", ["x"], ["y"], [OnnxAttribute.Of("to", 17)])
            .AddOutput(new("y", TensorDtype.Float16, [-1]))
            .ToBytes();

        // The builder knows no FLOAT8E4M3FN (17), so the type of the output is written over: name "y", then the type, whose elem_type is FLOAT16 (10).
        var output = bytes.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x0A, 0x01, (byte)'y', 0x12]);
        var elementType = output + bytes.AsSpan(output).IndexOf((ReadOnlySpan<byte>)[0x08, 10]) + 1;
        bytes[elementType] = 17;
        using var file = new OnnxFile(bytes);

        var exception = Assert.Throws<ServingException>(() => file.Open());

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("'y' has the type float8e4m3fn", exception.Message, StringComparison.Ordinal);
    }
}
