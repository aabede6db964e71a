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

    [Fact]
    public void Change_OneOfThemRefused_ChangesNone()
    {
        var settings = new LogSettings();

        var exception = Assert.Throws<ProtocolFailure>(() => settings.Change([new("log_info", false), new("log_file", "server.log")]));

        Assert.Equal(StatusCode.Unimplemented, exception.Code);
        Assert.True(settings.IsEnabled(LogLevel.Information));
    }
}
