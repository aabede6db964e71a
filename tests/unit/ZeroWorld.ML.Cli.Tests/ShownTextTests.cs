using Spectre.Console;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class ShownTextTests
{
    [Theory]
    [InlineData("plain ü 😀 [x]", "plain ü 😀 [x]")]
    [InlineData("\u001b[2J\u001b]0;mine\u0007", "\\u001b[2J\\u001b]0;mine\\u0007")]
    [InlineData("a\u009bb\u007f\0", "a\\u009bb\\u007f\\u0000")]
    [InlineData("one\r\ntwo\nthree\rfour", "one\ntwo\nthree\nfour")]
    [InlineData("a\u202eb\u2066c\u200dd", "a\\u202eb\\u2066c\u200dd")]
    public void Lines_WhatATerminalObeys_IsWritten(string text, string expected) => Assert.Equal(expected, ShownText.Lines(text));

    [Theory]
    [InlineData("one\r\ntwo\tthree", 80, "one two three")]
    [InlineData("0123456789", 10, "0123456789")]
    [InlineData("01234567890", 10, "0123456789...")]
    [InlineData("012345678😀", 10, "012345678...")]
    [InlineData("\u001b\u001b", 1, "\\u001b...")]
    public void Line_LongOrOfSeveral_IsOneOfSoManyCodeUnits(string text, int most, string expected) => Assert.Equal(expected, ShownText.Line(text, most));

    [Fact]
    public void Terminals_TextOfSomebodyElse_IsWrittenNotObeyed()
    {
        using var writer = new StringWriter();
        var console = Terminals.Create(writer, isRedirected: true);

        console.MarkupLineInterpolated($"row 1: {"\u001b[2J"}");
        console.Write(new Table().AddColumn("name").AddRow(Markup.Escape("a\u009bb\u202ec")));

        Assert.DoesNotContain("\u001b[2J", writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("row 1: \\u001b[2J", writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("a\\u009bb\\u202ec", writer.ToString(), StringComparison.Ordinal);
    }
}
