namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class TimeSorterTests
{
    [Theory]
    [InlineData("even")]
    [InlineData("skewed")]
    [InlineData("sorted")]
    [InlineData("equal")]
    [InlineData("far apart")]
    public void Sort_TimesOfAnyKind_AreInOrderWithTheirRowsAndStable(string kind)
    {
        var random = new Random(7);
        var sorter = new TimeSorter();
        foreach (var count in new[] { 0, 1, 2, 3, 17, 100, 1000, 5000 })
        {
            long[] times =
            [
                .. Enumerable.Range(0, count).Select(index => kind switch
                {
                    "even" => random.NextInt64(1_600_000_000_000_000, 1_700_000_000_000_000),
                    "skewed" => index % 50 == 0 ? random.NextInt64(long.MaxValue / 1000) : -random.NextInt64(40),
                    "sorted" => index / 3,
                    "equal" => random.NextInt64(3),
                    _ => random.NextInt64(long.MinValue, long.MaxValue),
                }),
            ];
            int[] rows = [.. Enumerable.Range(1000, count)];
            var expected = times.Zip(rows).OrderBy(static item => item.First).ToArray();

            sorter.Sort(times, rows);

            Assert.Equal(expected, times.Zip(rows));
        }
    }
}
