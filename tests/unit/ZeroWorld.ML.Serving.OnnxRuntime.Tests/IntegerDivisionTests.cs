using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

/// <summary>Without the guard, the tests that divide the smallest int32 or int64 by -1 end the test process with SIGFPE.</summary>
public sealed class IntegerDivisionTests
{
    [Theory]
    [InlineData("Div", new long[] { 7, -7, 9, long.MinValue, long.MinValue }, new long[] { 2, 2, -1, -1, 3 }, new long[] { 3, -3, -9, long.MinValue, long.MinValue / 3 })]
    [InlineData("Mod", new long[] { 7, -7, 9, long.MinValue }, new long[] { 2, 2, -1, -1 }, new long[] { 1, 1, 0, 0 })]
    public void Run_Int64Division_SurvivesTheSmallestValueByMinusOne(string operatorType, long[] dividend, long[] divisor, long[] expected) =>
        Assert.Equal(expected, Divide(operatorType, TensorDtype.Int64, dividend, divisor));

    [Theory]
    [InlineData("Div", new[] { 7, int.MinValue, int.MinValue }, new[] { -2, -1, 1 }, new[] { -3, int.MinValue, int.MinValue })]
    [InlineData("Mod", new[] { 7, int.MinValue }, new[] { 4, -1 }, new[] { 3, 0 })]
    public void Run_Int32Division_SurvivesTheSmallestValueByMinusOne(string operatorType, int[] dividend, int[] divisor, int[] expected) =>
        Assert.Equal(expected, Divide(operatorType, TensorDtype.Int32, dividend, divisor));

    [Fact]
    public void Run_NarrowDivision_SurvivesTheSmallestValueByMinusOne() =>
        Assert.Equal([sbyte.MinValue, (sbyte)-3], Divide<sbyte>("Div", TensorDtype.Int8, [sbyte.MinValue, 7], [-1, -2]));

    [Theory]
    [InlineData("Div")]
    [InlineData("Mod")]
    public void Run_DivisionByZero_IsAnErrorOfThatRequest(string operatorType)
    {
        var exception = Assert.Throws<ServingException>(() => Divide<long>(operatorType, TensorDtype.Int64, [1], [0]));

        Assert.Equal(ServingError.BackendFailed, exception.Error);
        Assert.Contains("by zero", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FloatDivision_IsLeftAlone() =>
        Assert.Equal([float.PositiveInfinity, float.NaN, 0.5f], Divide("Div", TensorDtype.Float32, [1f, 0f, 1f], [0f, 0f, 2f]));

    [Fact]
    public void Run_ConstantDivisorMinusOne_SurvivesTheSmallestValue()
    {
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Int64, [-1]))
            .AddInitializer("minus_one", [-1L])
            .AddNode("Div", ["x", "minus_one"], ["y"])
            .AddOutput(new("y", TensorDtype.Int64, [-1]));
        using var file = new OnnxFile(graph);
        using var instance = file.Open();

        var output = Assert.Single(instance.Run([TensorBuffer.Of(TensorDtype.Int64, [2], MemoryMarshal.AsBytes<long>([long.MinValue, 4]).ToArray())]));

        Assert.Equal([long.MinValue, -4], output.AsSpan<long>().ToArray());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(14)]
    public void Run_OldOperatorSets_AreGuardedToo(int opset)
    {
        var graph = new OnnxGraphBuilder("test").SetOpset("", opset).AddInput(new("a", TensorDtype.Int64, [-1])).AddInput(new("b", TensorDtype.Int64, [-1]))
            .AddNode("Div", ["a", "b"], ["y"])
            .AddOutput(new("y", TensorDtype.Int64, [-1]));
        using var file = new OnnxFile(graph);
        using var instance = file.Open();

        var output = Assert.Single(instance.Run([Int64(long.MinValue, 9, -9), Int64(-1, -1, 2)]));

        Assert.Equal([long.MinValue, -9, -4], output.AsSpan<long>().ToArray());
    }

    [Fact]
    public void Run_DivisionOfValuesWhoseRankIsNotKnown_IsGuardedByTheTypesThatOperatorsGive()
    {
        // After a reshape to a shape that comes with the request nothing of the values is written down.
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Int64, [-1])).AddInput(new("shape", TensorDtype.Int64, [-1])).AddInput(new("d", TensorDtype.Int64, [-1]))
            .AddNode("Reshape", ["x", "shape"], ["reshaped"])
            .AddNode("Reshape", ["d", "shape"], ["divisor"])
            .AddNode("Div", ["reshaped", "divisor"], ["quotient"])
            .AddNode("Cast", ["quotient"], ["y"], [OnnxAttribute.Of("to", 1)])
            .AddOutput(new("y", TensorDtype.Float32, [-1, -1]));
        using var file = new OnnxFile(graph);
        using var instance = file.Open();

        var output = Assert.Single(instance.Run([Int64(long.MinValue, 8), Int64(2, 1), Int64(-1, 2)]));

        Assert.Equal([2, 1], output.Shape.ToArray());
        Assert.Equal([(float)long.MinValue, 4f], output.AsSpan<float>().ToArray());
    }

    [Fact]
    public void Open_ConstantsWhoseQuotientKills_AreFoldedAfterTheGuard()
    {
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Int64, [-1]))
            .AddInitializer("smallest", [long.MinValue])
            .AddInitializer("minus_one", [-1L])
            .AddNode("Div", ["smallest", "minus_one"], ["constant"])
            .AddNode("Add", ["x", "constant"], ["y"])
            .AddOutput(new("y", TensorDtype.Int64, [-1]));
        using var file = new OnnxFile(graph);
        using var instance = file.Open();

        Assert.Equal([long.MinValue + 5], Assert.Single(instance.Run([Int64(5)])).AsSpan<long>().ToArray());
    }

    [Fact]
    public void Run_DivisorThatTheGraphComputes_IsGuardedToo()
    {
        var graph = new OnnxGraphBuilder("test").AddInput(new("x", TensorDtype.Int64, [-1])).AddInput(new("flag", TensorDtype.Float32, [-1]))
            .AddNode("Cast", ["flag"], ["divisor"], [OnnxAttribute.Of("to", 7)])
            .AddNode("Neg", ["divisor"], ["negated"])
            .AddNode("Mod", ["x", "negated"], ["y"])
            .AddOutput(new("y", TensorDtype.Int64, [-1]));
        using var file = new OnnxFile(graph);
        using var instance = file.Open();

        var output = Assert.Single(instance.Run([TensorBuffer.Of(TensorDtype.Int64, [1], BitConverter.GetBytes(long.MinValue)), TensorBuffer.OfFloat32([1], [1f])]));

        Assert.Equal(0, output.AsSpan<long>()[0]);
    }

    private static TensorBuffer Int64(params long[] values) => TensorBuffer.Of(TensorDtype.Int64, [values.Length], MemoryMarshal.AsBytes<long>(values).ToArray());

    private static T[] Divide<T>(string operatorType, TensorDtype dtype, T[] dividend, T[] divisor)
        where T : unmanaged
    {
        using var file = OnnxFile.OfNode(operatorType, [new("a", dtype, [-1]), new("b", dtype, [-1])], [new("y", dtype, [-1])]);
        using var instance = file.Open();
        var output = Assert.Single(instance.Run(
        [
            TensorBuffer.Of(dtype, [dividend.Length], MemoryMarshal.AsBytes<T>(dividend).ToArray()),
            TensorBuffer.Of(dtype, [divisor.Length], MemoryMarshal.AsBytes<T>(divisor).ToArray()),
        ]));
        return output.AsSpan<T>().ToArray();
    }
}
