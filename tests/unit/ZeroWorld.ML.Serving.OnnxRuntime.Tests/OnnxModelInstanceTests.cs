using System.Runtime.InteropServices;
using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime.Tests;

public sealed class OnnxModelInstanceTests
{
    public static TheoryData<TensorDtype> FixedDtypes =>
        [.. Enum.GetValues<TensorDtype>().Where(dtype => dtype != TensorDtype.Bytes)];

    [Theory]
    [MemberData(nameof(FixedDtypes))]
    public void Run_EveryFixedDtype_KeepsEveryBit(TensorDtype dtype)
    {
        using var file = OnnxFile.OfNode("Identity", [new("x", dtype, [-1, 2])], [new("y", dtype, [-1, 2])]);
        using var instance = file.Open();
        var data = new byte[3 * 2 * dtype.Width()];
        new Random(1).NextBytes(data);
        if (dtype == TensorDtype.Bool)
        {
            data = [.. data.Select(value => (byte)(value & 1))];
        }

        var outputs = instance.Run([TensorBuffer.Of(dtype, [3, 2], data)]);

        var output = Assert.Single(outputs);
        Assert.Equal(dtype, output.Dtype);
        Assert.Equal([3, 2], output.Shape.ToArray());
        Assert.Equal(data, output.Data.ToArray());
    }

    [Fact]
    public void Run_Strings_KeepsNulAndBytesThatAreNoText()
    {
        using var file = OnnxFile.OfNode("Identity", [new("x", TensorDtype.Bytes, [-1])], [new("y", TensorDtype.Bytes, [-1])]);
        using var instance = file.Open();
        byte[][] strings = [[], "ä"u8.ToArray(), [0, 1, 0], [0xFF, 0xFE], Encoding.UTF8.GetBytes(new string('x', 100_000))];

        var output = Assert.Single(instance.Run([TensorBuffer.OfStrings([5], strings)]));

        Assert.Equal(strings, output.Strings.ToArray());
    }

    [Fact]
    public void Run_StringsAgainAndAgain_GivesEachRunItsOwn()
    {
        using var file = OnnxFile.OfNode("Identity", [new("x", TensorDtype.Bytes, [-1, -1])], [new("y", TensorDtype.Bytes, [-1, -1])]);
        using var instance = file.Open();
        var random = new Random(11);

        for (var round = 0; round < 300; round++)
        {
            var (rows, columns) = (random.Next(0, 4), random.Next(0, 3));
            var strings = Enumerable.Range(0, rows * columns).Select(_ => new byte[random.Next(random.Next(20) == 0 ? 1000 : 30)]).ToArray();
            Array.ForEach(strings, random.NextBytes);
            var input = TensorBuffer.OfStrings([rows, columns], strings);

            var output = Assert.Single(instance.Run([round % 2 == 0 ? input : TensorBuffer.OfPacked([rows, columns], input.ToRaw())]));

            Assert.Equal([rows, columns], output.Shape.ToArray());
            Assert.Equal(strings, output.Strings.ToArray());
        }
    }

    [Fact]
    public void Run_StringsWhoseOutputShapeFollowsTheirValues_GivesOutputsOfTheirShape()
    {
        using var file = OnnxFile.OfNode(
            "Compress", [new("x", TensorDtype.Bytes, [-1]), new("condition", TensorDtype.Bool, [-1])], [new("y", TensorDtype.Bytes, [-1])]);
        using var instance = file.Open();
        byte[][] strings = ["a"u8.ToArray(), "b"u8.ToArray(), "c"u8.ToArray()];

        foreach (var condition in (byte[][])[[1, 0, 1], [1, 1, 0], [1, 1, 1], [0, 0, 0], [0, 1, 0]])
        {
            var output = Assert.Single(instance.Run([TensorBuffer.OfStrings([3], strings), TensorBuffer.Of(TensorDtype.Bool, [3], condition)]));

            Assert.Equal(strings.Where((_, index) => condition[index] == 1), output.Strings.ToArray());
        }
    }

    [Fact]
    public void Run_StringsThatTheModelCannotTake_FailsAndTheInstanceGoesOn()
    {
        using var file = OnnxFile.OfNode(
            "Gather", [new("x", TensorDtype.Bytes, [-1]), new("index", TensorDtype.Int64, [-1])], [new("y", TensorDtype.Bytes, [-1])]);
        using var instance = file.Open();
        var strings = TensorBuffer.OfStrings([2], new[] { "a"u8.ToArray(), "b"u8.ToArray() });

        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(ServingError.BackendFailed, Assert.Throws<ServingException>(() => instance.Run([strings, TensorBuffer.Of(TensorDtype.Int64, [1], BitConverter.GetBytes(9L))])).Error);
            var output = Assert.Single(instance.Run([strings, TensorBuffer.Of(TensorDtype.Int64, [1], BitConverter.GetBytes(1L))]));
            Assert.Equal("b"u8.ToArray(), output.Strings.Span[0]);
        }
    }

    [Fact]
    public void Run_ShapesThatChange_GivesOutputsOfTheirShape()
    {
        using var file = OnnxFile.OfNode("Identity", [new("x", TensorDtype.Float32, [-1, -1])], [new("y", TensorDtype.Float32, [-1, -1])]);
        using var instance = file.Open();

        foreach (long[] shape in (long[][])[[1, 1], [4, 3], [0, 3], [2, 0], [7, 1]])
        {
            var output = Assert.Single(instance.Run([TensorBuffer.OfFloat32([.. shape], new float[shape[0] * shape[1]])]));
            Assert.Equal(shape, output.Shape.ToArray());
        }
    }

    [Fact]
    public void Run_Scalar_GivesAScalar()
    {
        using var file = OnnxFile.OfNode("Neg", [new("x", TensorDtype.Float64, [])], [new("y", TensorDtype.Float64, [])]);
        using var instance = file.Open();

        var output = Assert.Single(instance.Run([TensorBuffer.Of(TensorDtype.Float64, [], BitConverter.GetBytes(2.5))]));

        Assert.Equal(0, output.Shape.Length);
        Assert.Equal(-2.5, BitConverter.ToDouble(output.Data.Span));
    }

    [Fact]
    public void Run_DataThatLiesAnywhereInAMessage_IsReadAsItIs()
    {
        using var file = OnnxFile.OfNode("Neg", [new("x", TensorDtype.Float32, [-1])], [new("y", TensorDtype.Float32, [-1])]);
        using var instance = file.Open();
        var message = new byte[64];
        MemoryMarshal.AsBytes<float>([1f, 2f, 3f]).CopyTo(message.AsSpan(3));

        var output = Assert.Single(instance.Run([TensorBuffer.Of(TensorDtype.Float32, [3], message.AsMemory(3, 12))]));

        Assert.Equal([-1f, -2f, -3f], output.AsSpan<float>().ToArray());
    }

    [Fact]
    public void Run_InputThatTheModelCannotTake_FailsAndTheInstanceGoesOn()
    {
        using var file = OnnxFile.OfNode(
            "Gather", [new("x", TensorDtype.Float32, [-1]), new("index", TensorDtype.Int64, [-1])], [new("y", TensorDtype.Float32, [-1])]);
        using var instance = file.Open();
        var data = TensorBuffer.OfFloat32([2], [10, 20]);

        var exception = Assert.Throws<ServingException>(() => instance.Run([data, TensorBuffer.Of(TensorDtype.Int64, [1], BitConverter.GetBytes(9L))]));
        var output = Assert.Single(instance.Run([data, TensorBuffer.Of(TensorDtype.Int64, [1], BitConverter.GetBytes(1L))]));

        Assert.Equal(ServingError.BackendFailed, exception.Error);
        Assert.DoesNotContain("ErrorCode", exception.Message, StringComparison.Ordinal);
        Assert.Equal(20f, output.AsSpan<float>()[0]);
    }

    [Fact]
    public async Task TryShare_OnTheCpu_RunsBesideTheFirstAndOutlivesIt()
    {
        using var file = OnnxFile.OfNode("Neg", [new("x", TensorDtype.Float32, [-1])], [new("y", TensorDtype.Float32, [-1])]);
        var first = file.Open();
        using var second = first.TryShare()!;

        await Task.WhenAll(new[] { first, second }.Select(static instance => Task.Run(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                Assert.Equal(-round, instance.Run([TensorBuffer.OfFloat32([1], [round])])[0].AsSpan<float>()[0]);
            }
        })));
        first.Dispose();
        first.Dispose();

        Assert.Equal(-3f, second.Run([TensorBuffer.OfFloat32([1], [3])])[0].AsSpan<float>()[0]);
    }

    [Fact]
    public void Signature_OfAFile_NamesTensorsTypesAndOpenDimensions()
    {
        using var file = OnnxFile.OfNode("Concat", [new("a", TensorDtype.Int32, [-1, 2]), new("b", TensorDtype.Int32, [-1, 3])], [new("y", TensorDtype.Int32, [-1, 5])], Models.Onnx.OnnxAttribute.Of("axis", 1));
        using var instance = file.Open();

        Assert.Equal(["a INT32 [-1, 2]", "b INT32 [-1, 3]"], instance.Signature.Inputs.Select(spec => spec.ToString()));
        Assert.Equal(["y INT32 [-1, 5]"], instance.Signature.Outputs.Select(spec => spec.ToString()));
        Assert.Equal("cpu", instance.Device);
    }
}
