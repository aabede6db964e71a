using System.Text;

namespace ZeroWorld.ML.Features.Tests;

public sealed class Utf8ScanTests
{
    private const int Chunk = 1 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk - 2)]
    [InlineData(Chunk - 3)]
    [InlineData(Chunk)]
    [InlineData((2 * Chunk) - 1)]
    public void FindInvalid_CharacterAroundTheEndOfAChunk_IsText(int before)
    {
        byte[] text = [.. Enumerable.Repeat((byte)'a', before), .. "\U0001F600é"u8, .. "end"u8];

        Assert.Null(Find(text));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData((2 * Chunk) + 5)]
    public void FindInvalid_OneByteOfLatin1_IsFoundWhereItIs(int before)
    {
        byte[] text = [.. Enumerable.Repeat((byte)'a', before), 0xE9, .. "cde"u8];

        var found = Find(text);

        Assert.Equal(before, found!.Value.Offset);
        Assert.Equal([0xE9, .. "cde"u8], found.Value.Bytes);
    }

    [Fact]
    public void FindInvalid_CharacterCutByTheEnd_IsFound() => Assert.Equal(1, Find([(byte)'a', 0xC3])!.Value.Offset);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FindInvalid_Zero_IsFoundWhereItIsRefused(bool refusesZero)
    {
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes("ab\0c"));

        Assert.Equal(refusesZero ? 2L : null, Utf8Scan.FindInvalid(stream, refusesZero, TestContext.Current.CancellationToken)?.Offset);
    }

    private static (long Offset, byte[] Bytes)? Find(byte[] text)
    {
        using var stream = new MemoryStream(text);
        return Utf8Scan.FindInvalid(stream, refusesZero: true, TestContext.Current.CancellationToken);
    }
}
