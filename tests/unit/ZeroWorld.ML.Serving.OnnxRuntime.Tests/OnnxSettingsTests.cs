using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

public sealed class OnnxSettingsTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("basic")]
    [InlineData("extended")]
    [InlineData("all")]
    public void Open_EveryOptimizationLevelAndPool_GivesTheSame(string level)
    {
        var settings = new OnnxSettings
        {
            GraphOptimization = level,
            Threads = 2,
            UsesMemoryArena = false,
            UsesMemoryPattern = false,
            SessionEntries = new Dictionary<string, string> { ["session.set_denormal_as_zero"] = "1" },
        };
        using var file = Make(settings);
        using var instance = file.Open();

        Assert.Equal([-1f, -2f], instance.Run([TensorBuffer.OfFloat32([1, 2], [1, 2])])[0].AsSpan<float>().ToArray());
    }

    [Fact]
    public void Open_SessionEntryOfNoKnownKind_IsRefusedWithItsName()
    {
        using var file = Make(new OnnxSettings { SessionEntries = new Dictionary<string, string> { ["rm"] = "-rf" } });

        Assert.Contains("'rm'", Assert.Throws<ServingException>(() => file.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OptionsOfAGpuWithABuildForTheCpu_AreRefusedWithTheWayOut()
    {
        using var cuda = Make(new OnnxSettings { Cuda = new Dictionary<string, string> { ["gpu_mem_limit"] = "1" } });
        using var tensorRt = Make(new OnnxSettings { TensorRt = new Dictionary<string, string>() });

        var first = Assert.Throws<ServingException>(() => cuda.Open());
        var second = Assert.Throws<ServingException>(() => tensorRt.Open());

        Assert.Equal(ServingError.ModelRefused, first.Error);
        Assert.Contains("CUDAExecutionProvider", first.Message, StringComparison.Ordinal);
        Assert.Contains("TensorrtExecutionProvider", second.Message, StringComparison.Ordinal);
        Assert.Contains("-p:Accelerator=cuda", second.Message, StringComparison.Ordinal);
    }

    private static OnnxFile Make(OnnxSettings settings)
    {
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2]));
        return new OnnxFile(graph) { Settings = new ModelSettings { Onnx = settings } };
    }
}
