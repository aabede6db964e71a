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
    public async Task ReadAsync_NumbersAsPeopleWriteThem_AreNumbers()
    {
        var content = await TableFile.ReadAsync(
            Write("d.csv", "\uFEFFcomma;grouped;percent;money;thousands;code;mixed\r\n1,5;1.234.567,25;13.56%;$1,234.50;12,345;1-2;1,5\r\n-12;-0,5; 7 %;$ 3;7;3-4;ab\r\n;;;;;;\r\n"), Cancellation);

        Assert.Equal(
            [FeatureType.Float64, FeatureType.Float64, FeatureType.Float64, FeatureType.Float64, FeatureType.Float64, FeatureType.String, FeatureType.String],
            content.Columns.Select(static column => column.Type));
        Assert.Equal([1.5, -12, double.NaN], content.Frame.Get<double>("comma"));
        Assert.Equal([1_234_567.25, -0.5, double.NaN], content.Frame.Get<double>("grouped"));
        Assert.Equal([13.56, 7, double.NaN], content.Frame.Get<double>("percent"));
        Assert.Equal([1_234.5, 3, double.NaN], content.Frame.Get<double>("money"));
        Assert.Equal([12_345, 7, double.NaN], content.Frame.Get<double>("thousands"));
        Assert.Equal(["1,5", "ab", null], content.Frame.Get<string?>("mixed"));
    }

    [Fact]
    public async Task ReadAsync_WordsForNoNumber_AreNullsAmongNumbersOnly()
    {
        var content = await TableFile.ReadAsync(Write("e.csv", "income,rate,grade,empty\n1200,?,A,?\nN/A,.5,None,?\nunknown,1e-3,B,?\n-7,nan,?,?\n"), Cancellation);

        Assert.Equal([FeatureType.Float64, FeatureType.Float64, FeatureType.String, FeatureType.String], content.Columns.Select(static column => column.Type));
        Assert.Equal([1_200, double.NaN, double.NaN, -7], content.Frame.Get<double>("income"));
        Assert.Equal([double.NaN, 0.5, 0.001, double.NaN], content.Frame.Get<double>("rate"));
        Assert.Equal(["A", "None", "B", "?"], content.Frame.Get<string?>("grade"));
    }

    [Fact]
    public async Task ReadAsync_YearsOfTwoDigits_StayTextsAndOthersAreTimes()
    {
        var content = await TableFile.ReadAsync(Write("f.csv", "short,n,clock\n01/01/24,1,2024-01-01T10:00:00Z\n13/01/24,2,2024-01-13 11:00:00\n"), Cancellation);
        var whole = await TableFile.ReadAsync(Write("g.csv", "long\n01/01/2024\n13/01/2024\n"), Cancellation);

        Assert.Equal([FeatureType.String, FeatureType.Int64, FeatureType.Timestamp], content.Columns.Select(static column => column.Type));
        Assert.Equal(["01/01/24", "13/01/24"], content.Frame.Get<string?>("short"));
        Assert.Equal([1_704_067_200_000_000, 1_705_104_000_000_000], whole.Frame.Get<long>("long"));
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
