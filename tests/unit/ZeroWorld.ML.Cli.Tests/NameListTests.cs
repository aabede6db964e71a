namespace ZeroWorld.ML.Cli.Tests;

public sealed class NameListTests
{
    [Theory]
    [InlineData("a,b|c", "a|b|c")]
    [InlineData(" a , ,b,|", "a|b")]
    [InlineData("\"x,y\",z", "x,y|z")]
    [InlineData("\"x,y\"|\"z\"", "x,y|z")]
    [InlineData("", "")]
    public void Parse_CommasAndQuotes_GiveTheNames(string texts, string expected) =>
        Assert.Equal(expected, string.Join('|', NameList.Parse(texts.Split('|'))));

    [Fact]
    public void Parse_OpenQuote_IsRefusedWithTheForm()
    {
        var exception = Assert.Throws<UsageException>(static () => NameList.Parse(["\"x,y"]));

        Assert.Contains("'\"x,y' has a double quote that is not closed", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'\"a,b\",c'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NoTexts_GivesNone() => Assert.Empty(NameList.Parse(null));
}
