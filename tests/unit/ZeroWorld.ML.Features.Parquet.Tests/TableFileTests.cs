namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class TableFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("zeroworld-table-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ReadAsync_CsvWithGaps_FindsTypesAndNulls()
    {
        var content = await TableFile.ReadAsync(
            Write("a.csv", "at,n,x,text,flag,day\n2024-01-02 03:04:05,1,1.5,\"a, \"\"b\"\"\",true,2024-05-06\n2024-01-02 03:04:06,,NA,,false,2024-05-07\n"), Cancellation);

        Assert.Equal(
            [("at", FeatureType.Timestamp), ("n", FeatureType.Int64), ("x", FeatureType.Float64), ("text", FeatureType.String), ("flag", FeatureType.Int64), ("day", FeatureType.Timestamp)],
            content.Columns.Select(static column => (column.Name, column.Type)));
        Assert.Equal([1, long.MinValue], content.Frame.Get<long>("n"));
        Assert.Equal([1.5, double.NaN], content.Frame.Get<double>("x"));
        Assert.Equal(["a, \"b\"", null], content.Frame.Get<string?>("text"));
        Assert.Equal([1, 0], content.Frame.Get<long>("flag"));
        Assert.Equal(1_704_164_645_000_000, content.Frame.Get<long>("at")[0]);
    }

    [Fact]
    public async Task ReadAsync_NumberThatTurnsToTextInALateRow_IsText()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 30_000).Select(static row => row == 29_000 ? "x7" : $"{row}"));

        var content = await TableFile.ReadAsync(Write("b.csv", $"code\n{lines}\n"), Cancellation);

        Assert.Equal("x7", content.Frame.Get<string?>("code")[29_000]);
        Assert.Equal(30_000, content.Frame.Rows);
    }

    [Fact]
    public async Task ReadAsync_NoFileOrNoTable_SaysSo()
    {
        var missing = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Path.Combine(_folder, "none.csv"), Cancellation));
        var wrong = await Assert.ThrowsAsync<FeatureException>(() => TableFile.ReadAsync(Write("c.parquet", "no parquet"), Cancellation));

        Assert.Equal((FeatureError.NotFound, FeatureError.InvalidInput), (missing.Error, wrong.Error));
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
