using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

/// <summary>Without the guard each of these ends the test process with SIGFPE.</summary>
public sealed class IntegerDivisionTests
{
    [Theory]
    [InlineData("Div", new long[] { 7, -7, 9, long.MinValue, long.MinValue, 5 }, new long[] { 2, 2, -1, -1, 3, 0 }, new long[] { 3, -3, -9, long.MinValue, long.MinValue / 3, 5 })]
    [InlineData("Mod", new long[] { 7, -7, 9, long.MinValue, 5 }, new long[] { 2, 2, -1, -1, 0 }, new long[] { 1, 1, 0, 0, 0 })]
    public void Run_Int64Division_SurvivesEveryDivisor(string operatorType, long[] dividend, long[] divisor, long[] expected) =>
        Assert.Equal(expected, Divide(operatorType, TensorDtype.Int64, dividend, divisor));

    [Theory]
    [InlineData("Div", new[] { 7, int.MinValue, int.MinValue, 5 }, new[] { -2, -1, 1, 0 }, new[] { -3, int.MinValue, int.MinValue, 5 })]
    [InlineData("Mod", new[] { 7, int.MinValue, 5 }, new[] { 4, -1, 0 }, new[] { 3, 0, 0 })]
    public void Run_Int32Division_SurvivesEveryDivisor(string operatorType, int[] dividend, int[] divisor, int[] expected) =>
        Assert.Equal(expected, Divide(operatorType, TensorDtype.Int32, dividend, divisor));

    [Fact]
    public void Run_UnsignedDivisionByZero_Survives() =>
        Assert.Equal(new byte[] { 2, 200 }, Divide<byte>("Div", TensorDtype.UInt8, [5, 200], [2, 0]));

    [Fact]
    public void Run_UInt64Division_KeepsLargeValues() =>
        Assert.Equal([ulong.MaxValue / 3, 1ul, 7ul], Divide<ulong>("Div", TensorDtype.UInt64, [ulong.MaxValue, ulong.MaxValue, 7], [3, ulong.MaxValue, 0]));

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
