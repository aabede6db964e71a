using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class LogSettingsTests
{
    [Fact]
    public void IsEnabled_Default_IsInformationAndAbove()
    {
        var settings = new LogSettings();

        Assert.Equal(
            [false, false, true, true, true, true, false], Enum.GetValues<LogLevel>().Select(settings.IsEnabled));
    }

    [Fact]
    public void Change_Levels_EachIsItsOwn()
    {
        var settings = new LogSettings();

        settings.Change([new("log_verbose_level", 1U), new("log_info", false), new("log_error", false)]);

        Assert.Equal([false, true, false, true, false, false, false], Enum.GetValues<LogLevel>().Select(settings.IsEnabled));
        settings.Change([new("log_verbose_level", 2U)]);
        Assert.True(settings.IsEnabled(LogLevel.Trace));
    }

    [Theory]
    [InlineData(LogLevel.Trace, 0)]
    [InlineData(LogLevel.Debug, 1)]
    [InlineData(LogLevel.Information, 2)]
    [InlineData(LogLevel.Warning, 3)]
    [InlineData(LogLevel.Error, 4)]
    [InlineData(LogLevel.None, 6)]
    public void BeginAt_ALevel_LogsItAndAboveUntilItIsChanged(LogLevel level, int first)
    {
        var settings = new LogSettings();

        settings.BeginAt(level);
        Assert.Equal(Enumerable.Range(0, 7).Select(number => number >= first && number < 6), Enum.GetValues<LogLevel>().Select(settings.IsEnabled));

        settings.Change([new("log_info", true)]);
        settings.BeginAt(LogLevel.None);
        Assert.True(settings.IsEnabled(LogLevel.Information));
    }

    [Fact]
    public void Change_OneOfThemRefused_ChangesNone()
    {
        var settings = new LogSettings();

        var exception = Assert.Throws<ProtocolFailure>(() => settings.Change([new("log_info", false), new("log_file", "server.log")]));

        Assert.Equal(StatusCode.Unimplemented, exception.Code);
        Assert.True(settings.IsEnabled(LogLevel.Information));
    }
}
