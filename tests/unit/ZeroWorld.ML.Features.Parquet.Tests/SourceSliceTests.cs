namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class SourceSliceTests
{
    [Theory]
    [InlineData(10, "a:0-25")]
    [InlineData(25, "a:all")]
    [InlineData(100, "a b c:all")]
    public void Join_NeighboursOfOneFile_AreOneSliceOfTheSameRows(long rowsMax, string first)
    {
        var slices = SourceSlice.Cut([("a", 25), ("b", 3), ("c", 22)], rowsMax);

        var joined = SourceSlice.Join(slices);

        Assert.Equal(first, Text(joined[0]));
        Assert.Equal(50, joined.Sum(static slice => slice.Rows));
        Assert.Equal(slices.Sum(static slice => slice.Rows), joined.Sum(static slice => slice.Rows));
        Assert.All(joined.Zip(joined.Skip(1)), static pair => Assert.Equal(pair.First.First + pair.First.Rows, pair.Second.First));
    }

    [Fact]
    public void Join_PartsBetweenWhichRowsAreMissing_StayTwo()
    {
        var slices = SourceSlice.Cut([("a", 30)], 10);

        Assert.Equal(["a:0-10", "a:20-30"], SourceSlice.Join([slices[0], slices[2]]).Select(Text));
        Assert.Equal(["a:10-30"], SourceSlice.Join([slices[1], slices[2]]).Select(Text));
    }

    [Fact]
    public void Condition_OfAPartOfAFile_AsksForNoMoreThanIsCutOff()
    {
        var slices = SourceSlice.Cut([("a", 30)], 10);

        Assert.Equal([" WHERE n < 10", " WHERE n >= 10 AND n < 20", " WHERE n >= 20"], slices.Select(static slice => slice.Condition("n")));
        Assert.Equal(string.Empty, SourceSlice.Join(slices)[0].Condition("n"));
        Assert.Equal(" WHERE n >= 15", SourceSlice.Join(slices.SelectMany(static slice => slice.Within(15, 30)))[0].Condition("n"));
    }

    [Fact]
    public void Require_RowBehindTheLast_IsRefused()
    {
        var slice = SourceSlice.Join(SourceSlice.Cut([("a", 30)], 10))[0];

        slice.Require([28, 29]);

        Assert.Throws<FeatureException>(() => slice.Require([29, 30]));
    }

    private static string Text(SourceSlice slice) => $"{string.Join(' ', slice.Files)}:{(slice.IsWhole ? "all" : $"{slice.From}-{slice.To}")}";
}
