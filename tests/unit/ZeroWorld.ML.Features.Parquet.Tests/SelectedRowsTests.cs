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
    [InlineData(64, 20_000)]
    [InlineData(1, 3_000)]
    public void Write_PlacesOnBothSidesOfABlocksEnd_GivesWhatWasSet(int columns, int count)
    {
        const int Vector = 2048;

        // Part of the rows lie in memory that had something else in it.
        var spare = new NativeWords(count * 10L);
        unsafe
        {
            new Span<byte>((void*)spare.Start, (int)spare.Bytes).Fill(0xFF);
        }

        using var rows = new SelectedRows([.. Enumerable.Repeat(FeatureType.Int64, columns)], count, workers: 1, spare);
        using var session = new DuckDbSession(_folder.Options);
        using var vectors = session.QueryVectors(
            $"SELECT {string.Join(", ", Enumerable.Range(0, columns).Select(static column => $"CASE WHEN (i + {column}) % 7 > 0 THEN i * 3 + {column} END::BIGINT"))} FROM range({Vector}) t(i)", Token);
        Assert.True(vectors.Read());

        foreach (var first in Enumerable.Range(0, count / Vector).Select(static part => part * Vector))
        {
            // One row of the vectors is not wanted.
            rows.Set([.. Enumerable.Range(first, Vector).Select(static place => place % 5 == 4 ? -1 : place)], vectors, 0, worker: 0);
        }

        var (values, statuses) = (new ColumnBuffer("v", ColumnKind.Int64), new FeatureStatus[ColumnBuffer.BlockRows]);
        foreach (var column in new[] { 0, columns / 2, columns - 1 })
        {
            for (var first = 0; first + Vector <= count; first += Vector)
            {
                int[] places = [.. Enumerable.Range(first, Vector).Select(static place => place % 5 == 4 ? -(int)FeatureStatus.NotFound : place)];
                var addresses = new nint[Vector];
                rows.Find(places, addresses, column);
                rows.Write(places, addresses, column, 3, new CellTarget(0, values, statuses), FeatureValue.FromInt64(-1));

                FeatureStatus StatusOf(int row) => places[row] < 0 ? FeatureStatus.NotFound : (row + column) % 7 > 0 ? FeatureStatus.Present : FeatureStatus.Null;
                Assert.Equal(Enumerable.Range(0, Vector).Select(row => StatusOf(row) == FeatureStatus.Present ? (row * 3L) + column : -1), values.Bits.Skip(3).Take(Vector));
                Assert.Equal(Enumerable.Range(0, Vector).Select(StatusOf), statuses.Skip(3).Take(Vector));
                Assert.False(values.Nulls.AsSpan(3, Vector).Contains(true));

                rows.Write(places, addresses, column, 3, new CellTarget(0, values, []), FeatureValue.Null(FeatureType.Int64));
                Assert.Equal(Enumerable.Range(0, Vector).Select(row => StatusOf(row) != FeatureStatus.Present), values.Nulls.Skip(3).Take(Vector));
                Assert.Equal(Enumerable.Range(0, Vector).Select(row => StatusOf(row) == FeatureStatus.Present ? (row * 3L) + column : 0), values.Bits.Skip(3).Take(Vector));
            }
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
