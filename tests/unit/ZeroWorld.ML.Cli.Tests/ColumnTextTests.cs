using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class ColumnTextTests
{
    [Theory]
    [InlineData("customer_id=4961", Column.ValuesOneofCase.Int64S)]
    [InlineData("customer_id=-1", Column.ValuesOneofCase.Int64S)]
    [InlineData("amount=57.16", Column.ValuesOneofCase.Float64S)]
    [InlineData("amount=1e3", Column.ValuesOneofCase.Float64S)]
    [InlineData("is_new=true", Column.ValuesOneofCase.Bools)]
    [InlineData("name=abc", Column.ValuesOneofCase.Strings)]
    [InlineData("name:string=7", Column.ValuesOneofCase.Strings)]
    [InlineData("amount:float64=7", Column.ValuesOneofCase.Float64S)]
    [InlineData("at:timestamp=2018-08-08T12:00:00Z", Column.ValuesOneofCase.Timestamps)]
    [InlineData("empty=", Column.ValuesOneofCase.Strings)]
    public void Parse_NameAndValue_TakesTheTypeThatTheTextShows(string text, Column.ValuesOneofCase expected)
    {
        Assert.Equal(expected, ColumnText.Parse("--entity", text).ValuesCase);
    }

    [Theory]
    [InlineData("customer_id", "is not NAME=VALUE")]
    [InlineData("=5", "is not NAME=VALUE")]
    [InlineData("customer_id:int64=x", "the value 'x' is not a whole number")]
    [InlineData("customer_id:int65=5", "names the type 'int65'")]
    [InlineData("at:timestamp=2018-08-08 12:00:00", "is not a time with a zone")]
    [InlineData("flag:bool=yes", "is not true or false")]
    [InlineData("blob:bytes=?", "is not base64")]
    public void Parse_WrongText_SaysWhatIsWrong(string text, string expected)
    {
        var exception = Assert.Throws<UsageException>(() => ColumnText.Parse("--entity", text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_NullRow_IsNull()
    {
        var column = new Column { Name = "a", Int64S = new Int64Values { Values = { 7, 0 } }, NullRows = { 1 } };

        Assert.Equal(["7", "null"], [ColumnText.Show(column, 0), ColumnText.Show(column, 1)]);
    }

    [Theory]
    [InlineData(2, "[0, 1]")]
    [InlineData(20, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]")]
    [InlineData(1_025, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, ... 1,005 more]")]
    public void Show_List_SaysHowManyMoreThereAre(int elements, string expected)
    {
        var list = new Int64Values { Values = { Enumerable.Range(0, elements).Select(static value => (long)value) } };
        var column = new Column { Name = "ids", Int64Lists = new Int64Lists { Rows = { list } } };

        Assert.Equal(expected, ColumnText.Show(column, 0));
    }
}
