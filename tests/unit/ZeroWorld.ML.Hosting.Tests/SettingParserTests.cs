namespace ZeroWorld.ML.Hosting.Tests;

public sealed class SettingParserTests
{
    [Theory]
    [InlineData("50ms", 50)]
    [InlineData("2 s", 2_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("0s", 0)]
    [InlineData("00:00:02", 2_000)]
    public void TryParse_Duration_IsRead(string text, long milliseconds)
    {
        Assert.True(SettingParser.TryParse(typeof(TimeSpan), text, out var value, out _));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("50")]
    [InlineData("s")]
    [InlineData("1e99d")]
    [InlineData("")]
    [InlineData("five s")]
    public void TryParse_NoDuration_IsRefused(string text) => Assert.False(SettingParser.TryParse(typeof(TimeSpan), text, out _, out _));

    [Fact]
    public void TryParse_EmptyText_IsNoValueWhereThereMayBeNone()
    {
        Assert.True(SettingParser.TryParse(typeof(string), " ", out var text, out _));
        Assert.True(SettingParser.TryParse(typeof(int?), "", out var number, out _));
        Assert.False(SettingParser.TryParse(typeof(int), "", out _, out _));
        Assert.Null(text);
        Assert.Null(number);
    }
}
