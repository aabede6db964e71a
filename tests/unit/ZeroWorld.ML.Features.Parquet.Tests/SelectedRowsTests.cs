namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What is kept of the rows that a join selects, in blocks of many rows.</summary>
public sealed class SelectedRowsTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(600, 20_000)]
    [InlineData(70, 120_000)]
    [InlineData(1, 3_000)]
    public void Write_PlacesOnBothSidesOfABlocksEnd_GivesWhatWasSet(int columns, int count)
    {
        var rows = new SelectedRows([.. Enumerable.Repeat(FeatureType.Int64, columns)], count, workers: 1);
        using var session = new DuckDbSession(_folder.Options);
        using var vectors = session.QueryVectors("SELECT CASE WHEN i % 7 > 0 THEN i * 3 END::BIGINT FROM range(2048) t(i)", Token);
        Assert.True(vectors.Read());

        foreach (var first in Enumerable.Range(0, count / 2048).Select(static part => part * 2048))
        {
            rows.Set([.. Enumerable.Range(first, 2048)], columns - 1, vectors.Column(0), worker: 0);
        }

        var (values, statuses) = (new ColumnBuffer("v", ColumnKind.Int64), new FeatureStatus[ColumnBuffer.BlockRows]);
        for (var first = 0; first + 2048 <= count; first += 2048)
        {
            rows.Write([.. Enumerable.Range(first, 2048)], columns - 1, 0, new CellTarget(0, values, statuses), FeatureValue.FromInt64(-1));

            Assert.Equal(Enumerable.Range(0, 2048).Select(static row => row % 7 > 0 ? row * 3L : -1), values.Bits.Take(2048));
            Assert.Equal(Enumerable.Range(0, 2048).Select(static row => row % 7 > 0 ? FeatureStatus.Present : FeatureStatus.Null), statuses.Take(2048));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData((1 << 22) + 13)]
    public void Create_ArrayOfAnySize_IsAllZerosAndTakesValuesToItsEnds(int length)
    {
        var array = LargeArray.CreateZeros<long>(length);

        Assert.Equal(length, array.Length);
        Assert.False(array.AsSpan().ContainsAnyExcept(0L));
        array.AsSpan().Fill(7);
        Assert.False(array.AsSpan().ContainsAnyExcept(7L));
    }
}
