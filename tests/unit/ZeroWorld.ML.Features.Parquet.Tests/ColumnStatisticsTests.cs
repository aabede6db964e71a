namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class ColumnStatisticsTests
{
    private const int Blocks = 100;

    [Theory]
    [InlineData(FeatureType.Timestamp, 1_714_564_799_999_991, 1_000_003)]
    [InlineData(FeatureType.Int64, -9_007_199_254_740_993, 17)]
    [InlineData(FeatureType.Int64, long.MaxValue - 3, 0)]
    [InlineData(FeatureType.Int64, long.MinValue, 1)]
    public void Complete_MeanOfIntegers_IsExactAndRoundedOnce(FeatureType type, long first, long step)
    {
        var builder = new ColumnStatisticsBuilder("at", type, null);
        var column = new ColumnBuffer("at", ColumnTypes.KindOf(type));
        var (total, count) = ((Int128)0, 0L);
        for (var block = 0; block < Blocks; block++)
        {
            // Not a whole number of vectors.
            var rows = ColumnBuffer.BlockRows - (block % 7);
            for (var row = 0; row < rows; row++)
            {
                var value = first + (step * (((block * 31L) + row) % 9973));
                column.SetBits(row, value);
                (total, count) = (total + value, count + 1);
            }

            builder.Add(builder.Summarize(column, rows));
        }

        var mean = builder.Complete().Mean;

        var (whole, rest) = Int128.DivRem(total, count);
        Assert.Equal((double)whole + ((double)rest / count), mean);
    }

    [Fact]
    public void Complete_IntegersWithBounds_CountsThoseOutside()
    {
        var builder = new ColumnStatisticsBuilder("n", FeatureType.Int64, new FeatureBounds(0, 5));
        var column = new ColumnBuffer("n", ColumnKind.Int64);
        for (var row = 0; row < 11; row++)
        {
            column.SetBits(row, row - 2);
        }

        builder.Add(builder.Summarize(column, 11));

        Assert.Equal(new ColumnStatistics("n", FeatureType.Int64, 11, 0, 0, -2, 8, 3, 5), builder.Complete());
    }
}
