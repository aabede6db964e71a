using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class InteractionReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_TimesOfEveryForm_OrdersByThem()
    {
        var set = Read("user,item,at\nann,b,2024-01-02T00:00:00Z\nann,a,2024-01-01T23:59:59.5Z\nann,c,2024-01-02T02:00:00+01:00\n\nbob,\"x,\"\"y\"\"\",2024-01-01T00:00:00Z\n");

        Assert.Equal(["a", "b", "c"], set.ItemsOf(0).ToArray().Select(item => set.Items[item]));
        Assert.Equal("x,\"y\"", set.Items[set.ItemsOf(1)[0]]);
    }

    [Fact]
    public void Read_NoTimeColumn_KeepsTheOrderOfTheRows()
    {
        var path = Write("user\titem\nann\tb\nann\ta\n", "rows.tsv");

        var set = InteractionReader.Read(path, "user", "item", null, [], Sets.Token);

        Assert.Equal(["b", "a"], set.ItemsOf(0).ToArray().Select(item => set.Items[item]));
    }

    [Theory]
    [InlineData("user,item\nann,a\n", TrainingError.InvalidInput, "has no column 'at'; its columns are 'user', 'item'")]
    [InlineData("", TrainingError.InvalidInput, "has no column 'user'")]
    [InlineData("user,item,at\n", TrainingError.UnsuitableData, "There is no interaction")]
    [InlineData("user,item,at\nann,a,1\nann,b\n", TrainingError.UnsuitableData, "rows.csv:3: the row has 2 fields; expected 3")]
    [InlineData("user,item,at\nann,\"a,1\n", TrainingError.UnsuitableData, "rows.csv:2: the row has an open quote")]
    [InlineData("user,item,at\nann,,1\n", TrainingError.UnsuitableData, "rows.csv:2: 'item' is ''; expected an id")]
    [InlineData("user,item,at\nann,a,yesterday\n", TrainingError.UnsuitableData, "rows.csv:2: 'at' is 'yesterday'; expected a number, or a time with a zone")]
    [InlineData("user,item,at\nann,a,2024-01-01T00:00:00\n", TrainingError.UnsuitableData, "a time with a zone")]
    public void Read_BadTable_NamesTheLine(string text, TrainingError error, string mentions)
    {
        var exception = Assert.Throws<TrainingException>(() => Read(text));

        Assert.Equal(error, exception.Error);
        Assert.Contains(mentions, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BytesThatAreNoText_NamesTheLine()
    {
        var path = _folder.Combine("rows.csv");
        File.WriteAllBytes(path, [.. "user,item,at\n"u8, 0xFF, 0xFE, 0x0A]);

        var exception = Assert.Throws<TrainingException>(() => InteractionReader.Read(path, "user", "item", "at", [], Sets.Token));

        Assert.Contains("rows.csv:", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadAttributes_ItemsOutsideTheSet_AreLeftOut()
    {
        var set = Sets.Of(2, [0, 1]);
        var path = Write("item,attribute,value\ni0,genre,War\ni9,genre,Comedy\n", "a.csv");

        Assert.Equal(["genre=War"], ItemAttributes.Of(set.Items, InteractionReader.ReadAttributes(path)).Tokens);
    }

    [Fact]
    public void Of_Columns_ReadsTextsAndNumbersAndAddsTheCatalogue()
    {
        var set = InteractionReader.Of("rows", (long[])[7, 7, 8], (string?[])["b", "a", "b"], (double[])[2, 1.5, 0], static row => row != 2, ["c", "a"]);

        Assert.Equal(["7"], set.Users.Ids);
        Assert.Equal(["b", "a", "c"], set.Items.Ids);
        Assert.Equal(["a", "b"], set.ItemsOf(0).ToArray().Select(item => set.Items[item]));
    }

    [Fact]
    public void Of_ColumnsWithoutIds_NamesTheRow()
    {
        Assert.Contains("rows:2: 'user' is ''; expected an id", Refusal((string?[])["a", null], (long[])[1, 2], null), StringComparison.Ordinal);
        Assert.Contains("rows:1: 'item' is ''; expected an id", Refusal((string?[])["a"], (long[])[long.MinValue], null), StringComparison.Ordinal);
        Assert.Contains("the column of user ids holds Double", Refusal((double[])[1], (long[])[1], null), StringComparison.Ordinal);
        Assert.Contains("rows:1: 'time' is ''", Refusal((long[])[1], (long[])[1], (double[])[double.NaN]), StringComparison.Ordinal);

        static string Refusal(Array users, Array items, Array? times) =>
            Assert.Throws<TrainingException>(() => InteractionReader.Of("rows", users, items, times, null, [])).Message;
    }

    private InteractionSet Read(string text) => InteractionReader.Read(Write(text, "rows.csv"), "user", "item", "at", [], Sets.Token);

    private string Write(string text, string name)
    {
        var path = _folder.Combine(name);
        File.WriteAllText(path, text);
        return path;
    }
}
