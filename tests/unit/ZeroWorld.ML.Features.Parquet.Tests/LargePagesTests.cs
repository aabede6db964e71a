namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed unsafe class LargePagesTests
{
    [Fact]
    public void Take_ManyPieces_NoneOverlaps()
    {
        using var memory = new LargePages();
        long[] lengths = [1, 64 << 10, 65, LargePages.PageBytes, LargePages.PageBytes - 64, LargePages.PageBytes + 1, 3 * LargePages.PageBytes, 7];
        var pieces = new List<(nint At, long Length)>();
        for (var round = 0; round < 40; round++)
        {
            foreach (var length in lengths)
            {
                var piece = memory.Take(length);
                new Span<byte>(piece, (int)length).Fill((byte)(pieces.Count % 251));
                pieces.Add(((nint)piece, length));
            }
        }

        Assert.All(pieces.Index(), static item =>
        {
            Assert.Equal(0, item.Item.At % 64);
            Assert.False(new ReadOnlySpan<byte>((byte*)item.Item.At, (int)item.Item.Length).ContainsAnyExcept((byte)(item.Index % 251)));
        });
        Assert.InRange(memory.Bytes, pieces.Sum(static piece => piece.Length), pieces.Sum(static piece => piece.Length + 63));
    }

    [Fact]
    public void Dispose_Twice_HoldsNothing()
    {
        var memory = new LargePages();
        _ = memory.Take(100);

        memory.Dispose();
        memory.Dispose();

        Assert.Equal(0, memory.Bytes);
    }
}
