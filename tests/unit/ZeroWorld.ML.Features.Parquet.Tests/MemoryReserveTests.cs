namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class MemoryReserveTests
{
    // Of a size that no join of another test asks for.
    private const long Bytes = (1L << 29) + 4096;

    [Fact]
    public void Dispose_OfMuchMemory_KeepsItForTheNextThatFits()
    {
        var words = new NativeWords(Bytes);
        var start = words.Start;
        words.Dispose();
        words.Dispose();

        using var small = new NativeWords(4096);
        using var next = new NativeWords(Bytes - 4096);

        Assert.NotEqual(start, small.Start);
        Assert.True(small.AreZeros);
        Assert.Equal((start, Bytes, false), (next.Start, next.Bytes, next.AreZeros));
    }

    [Fact]
    public void Span_OfAnArray_IsWhatItsPlacesHold()
    {
        using var array = new NativeArray<int>(3);

        array.Span.Fill(7);
        array[1] = 8;

        Assert.Equal([7, 8, 7], array.Span);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[-1]);
    }
}
