using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting;

/// <summary>Which messages of this project's own code are logged, while the server runs: the logging extension of the inference protocol.</summary>
/// <remarks>Thread safe. A change is seen by the next message. Where logs go is not for callers to say.</remarks>
internal sealed class LogSettings
{
    /// <summary>Names of the settings as callers know them, in the order in which they are answered.</summary>
    public const string File = "log_file";
    public const string Info = "log_info";
    public const string Warning = "log_warning";
    public const string Error = "log_error";
    public const string VerboseLevel = "log_verbose_level";
    public const string Format = "log_format";

    // Names of one form: what the server writes by default has times of ISO 8601.
    private const string DefaultFormat = "default";
    private const string IsoFormat = "ISO8601";

    private volatile LogLevels _levels = new(true, true, true, 0, DefaultFormat);
    private int _hasBegun;

    /// <summary>Whether messages of this level are logged. Also the filter of this project's loggers.</summary>
    public bool IsEnabled(LogLevel level) => _levels is var levels && level switch
    {
        LogLevel.Trace => levels.VerboseLevel >= 2,
        LogLevel.Debug => levels.VerboseLevel >= 1,
        LogLevel.Information => levels.Info,
        LogLevel.Warning => levels.Warning,
        LogLevel.Error or LogLevel.Critical => levels.Error,
        _ => false,
    };

    /// <summary>What is logged until somebody changes it; only the first call counts.</summary>
    /// <param name="level">The least that is logged.</param>
    public void BeginAt(LogLevel level)
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) == 0)
        {
            _levels = new LogLevels(
                level <= LogLevel.Information, level <= LogLevel.Warning, level <= LogLevel.Critical, level switch { LogLevel.Trace => 2, LogLevel.Debug => 1, _ => 0 }, DefaultFormat);
        }
    }

    /// <returns>Every setting with its value: text, bool or uint.</returns>
    public IReadOnlyList<KeyValuePair<string, object>> Read() => _levels is var levels
        ? [new(File, ""), new(Info, levels.Info), new(Warning, levels.Warning), new(Error, levels.Error), new(VerboseLevel, levels.VerboseLevel), new(Format, levels.Format)]
        : [];

    /// <summary>Changes all of the given settings, or none when one of them is refused.</summary>
    /// <param name="settings">Text, bool or uint by name.</param>
    /// <exception cref="ProtocolFailure">A setting that is not there, cannot be changed, or has another type.</exception>
    public void Change(IEnumerable<KeyValuePair<string, object>> settings)
    {
        var levels = _levels;
        foreach (var (name, value) in settings)
        {
            levels = (name, value) switch
            {
                (Info, bool flag) => levels with { Info = flag },
                (Warning, bool flag) => levels with { Warning = flag },
                (Error, bool flag) => levels with { Error = flag },
                (VerboseLevel, uint level) => levels with { VerboseLevel = level },
                (Format, DefaultFormat or IsoFormat) => levels with { Format = (string)value },
                (File, _) => throw Refuse(StatusCode.Unimplemented, "log file location can not be updated through network protocol"),
                (Info or Warning or Error, _) => throw Refuse(StatusCode.InvalidArgument, $"'{name}' is '{value}'; expected true or false"),
                (VerboseLevel, _) => throw Refuse(StatusCode.InvalidArgument, $"'{name}' is '{value}'; expected a whole number of 0 or more"),
                (Format, _) => throw Refuse(StatusCode.InvalidArgument, $"'{name}' is '{value}'; expected '{DefaultFormat}' or '{IsoFormat}', which are one form here"),
                _ => throw Refuse(StatusCode.InvalidArgument, $"There is no log setting '{name}'; expected one of {Info}, {Warning}, {Error}, {VerboseLevel}, {Format}"),
            };
        }

        _levels = levels;
    }

    private static ProtocolFailure Refuse(StatusCode code, string message) => new(code, message);

    private sealed record LogLevels(bool Info, bool Warning, bool Error, uint VerboseLevel, string Format);
}
