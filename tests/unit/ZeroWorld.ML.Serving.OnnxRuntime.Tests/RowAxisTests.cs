using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

/// <summary>Requests share a run only where rows are known to be rows.</summary>
public sealed class RowAxisTests
{
    [Fact]
    public void Open_OneNameForTheFirstAxisAndRowsThatStandAlone_IsBatchable()
    {
        using var file = OnnxFile.OfNode("Softmax", [new("x", TensorDtype.Float32, [-1, 4])], [new("y", TensorDtype.Float32, [-1, 4])], OnnxAttribute.Of("axis", 1));
        using var instance = file.Open();

        Assert.True(instance.Signature.IsBatchable);
    }

    [Theory]
    [InlineData("Softmax", 0)]
    [InlineData("LogSoftmax", 0)]
    [InlineData("Hardmax", 0)]
    public void Open_RowsThatChangeOneAnother_IsNotBatchable(string operatorType, int axis)
    {
        using var file = OnnxFile.OfNode(operatorType, [new("x", TensorDtype.Float32, [-1, 4])], [new("y", TensorDtype.Float32, [-1, 4])], OnnxAttribute.Of("axis", axis));
        using var instance = file.Open();

        Assert.False(instance.Signature.IsBatchable);
        Assert.Equal([3, 4], instance.Run([TensorBuffer.OfFloat32([3, 4], new float[12])])[0].Shape.ToArray());
    }

    [Fact]
    public void Open_FirstAxesOfOtherNames_IsNotBatchable()
    {
        // The open axis of the second input is its second one, so its first is fixed; nothing says that the sum has rows of the first.
        using var file = OnnxFile.OfNode("Add", [new("a", TensorDtype.Float32, [-1, 2]), new("b", TensorDtype.Float32, [1, 2])], [new("y", TensorDtype.Float32, [-1, 2])]);
        using var instance = file.Open();

        Assert.False(instance.Signature.IsBatchable);
    }

    [Fact]
    public void Open_OutputWithoutRows_IsNotBatchable()
    {
        using var file = OnnxFile.OfNode("ReduceSum", [new("x", TensorDtype.Float32, [-1, 2])], [new("y", TensorDtype.Float32, [1, 1])]);
        using var instance = file.Open();

        Assert.False(instance.Signature.IsBatchable);
    }

    [Fact]
    public void Open_SettingsSayNoRows_EveryRequestRunsAlone()
    {
        using var file = MakeNeg(new ModelSettings { RowAxis = RowAxis.None });
        using var instance = file.Open();

        Assert.False(instance.Signature.IsBatchable);
    }

    [Fact]
    public void Open_SettingsSayRowsAndTheFileFixesThem_IsRefusedWithTheTensor()
    {
        using var file = OnnxFile.OfNode("Neg", [new("x", TensorDtype.Float32, [1, 2])], [new("y", TensorDtype.Float32, [1, 2])]);
        var package = file.Package with { Settings = new ModelSettings { RowAxis = RowAxis.Declared } };

        var exception = Assert.Throws<ServingException>(() => new OnnxModelRuntime(new OnnxRuntimeOptions { ThreadsPerModel = 4 }).Open(package, "cpu"));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("'x FP32 [1, 2]'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("z", TensorDtype.Float32, new long[] { -1, 2 }, "declare the input 'z', the model file has 'x'")]
    [InlineData("x", TensorDtype.Int64, new long[] { -1, 2 }, "declare the input 'x INT64 [-1, 2]', the model file has 'x FP32 [-1, 2]'")]
    [InlineData("x", TensorDtype.Float32, new long[] { -1, 3 }, "[-1, 3]")]
    [InlineData("x", TensorDtype.Float32, new long[] { 2 }, "[2]")]
    public void Open_SettingsThatDoNotFitTheFile_AreRefusedWithBoth(string name, TensorDtype dtype, long[] shape, string expected)
    {
        using var file = MakeNeg(new ModelSettings { Inputs = [new TensorSpec(name, dtype, shape)] });

        var exception = Assert.Throws<ServingException>(() => file.Open());

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SettingsCloserThanTheFile_AreTheSignature()
    {
        using var file = MakeNeg(new ModelSettings { Inputs = [new TensorSpec("x", TensorDtype.Float32, [4, 2])] });
        using var instance = file.Open();

        Assert.Equal("x FP32 [4, 2]", instance.Signature.Inputs[0].ToString());
        Assert.False(instance.Signature.IsBatchable);
    }

    private static OnnxFile MakeNeg(ModelSettings settings)
    {
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2]));
        return new OnnxFile(graph) { Settings = settings };
    }
}
