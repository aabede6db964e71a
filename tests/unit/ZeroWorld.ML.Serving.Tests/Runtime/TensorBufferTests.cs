using System.Buffers.Binary;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class TensorBufferTests
{
    [Fact]
    public void SliceRows_PackedStrings_GivesTheStringsOfTheRows()
    {
        var random = new Random(5);
        for (var trial = 0; trial < 200; trial++)
        {
            var (rows, perRow) = (random.Next(0, 7), random.Next(0, 4));
            var strings = Enumerable.Range(0, rows * perRow).Select(_ => Make(random)).ToArray();
            var tensor = TensorBuffer.OfPacked([rows, perRow], Pack(strings));
            Assert.Equal(strings, tensor.Strings.ToArray());

            for (var start = 0; start <= rows; start++)
            {
                var count = random.Next(0, rows - start + 1);
                var slice = tensor.SliceRows(start, count);

                Assert.Equal([count, perRow], slice.Shape.ToArray());
                Assert.Equal(strings.Skip(start * perRow).Take(count * perRow), slice.Strings.ToArray());
                Assert.Equal(Pack(strings[(start * perRow)..((start + count) * perRow)]), slice.ToRaw().ToArray());
            }
        }
    }

    [Fact]
    public void ToRaw_StringsEachByThemselves_IsTheirWireForm()
    {
        byte[][] strings = [[], [0, 1, 0], [0xFF]];

        Assert.Equal(Pack(strings), TensorBuffer.OfStrings([3], strings).ToRaw().ToArray());
        Assert.False(TensorBuffer.OfStrings([3], strings).IsPacked);
    }

    [Fact]
    public void OfPacked_OtherThanTheShapeSays_IsRefused()
    {
        var raw = Pack([[1], [2, 3]]);

        Assert.Throws<ArgumentException>(() => TensorBuffer.OfPacked([3], raw));
        Assert.Throws<ArgumentException>(() => TensorBuffer.OfPacked([1], raw));
        Assert.Throws<ArgumentException>(() => TensorBuffer.OfPacked([2], raw.AsMemory(0, raw.Length - 1)));
        Assert.Throws<ArgumentException>(() => TensorBuffer.OfPacked([2], (byte[])[.. raw, 0]));
        Assert.Throws<ArgumentException>(() => TensorBuffer.OfPacked([1], new byte[] { 0xFF, 0xFF, 0xFF, 0xFF }));
    }

    private static byte[] Make(Random random)
    {
        var bytes = new byte[random.Next(3) == 0 ? 0 : random.Next(1, 40)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Pack(byte[][] strings)
    {
        var raw = new List<byte>();
        foreach (var item in strings)
        {
            var length = new byte[sizeof(uint)];
            BinaryPrimitives.WriteInt32LittleEndian(length, item.Length);
            raw.AddRange(length);
            raw.AddRange(item);
        }

        return [.. raw];
    }
}
