using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting;

/// <summary>Log messages of this project: ids 1500 to 1599.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1500, LogLevel.Debug, "{Method} was refused: {Code}: {Reason}")]
    public static partial void CallRefused(ILogger logger, string method, string code, string reason);

    [LoggerMessage(1501, LogLevel.Error, "{Method} failed on this side: {Code}")]
    public static partial void CallFailed(ILogger logger, Exception exception, string method, string code);

    [LoggerMessage(1502, LogLevel.Error, "{Method} failed in a way nobody foresaw")]
    public static partial void CallBroke(ILogger logger, Exception exception, string method);

    [LoggerMessage(1503, LogLevel.Information, "Listening: REST {Http}, gRPC {Grpc}, metrics {Metrics}; data directory {DataDirectory}")]
    public static partial void Listening(ILogger logger, string http, string grpc, string metrics, string dataDirectory);

    [LoggerMessage(1505, LogLevel.Information, "Stream {Stream} is read from {Kind} {Topic} by group {Group}, for {Views} views")]
    public static partial void StreamStarted(ILogger logger, string stream, string kind, string topic, string group, int views);

    [LoggerMessage(1506, LogLevel.Error, "Stream {Stream} ended: {Reason}")]
    public static partial void StreamFailed(ILogger logger, string stream, string reason);

    [LoggerMessage(1507, LogLevel.Error, "Stream {Stream} ended in a way nobody foresaw")]
    public static partial void StreamBroke(ILogger logger, Exception exception, string stream);

    [LoggerMessage(1508, LogLevel.Warning, "The streams of project {Project} are not looked at for now: {Reason}")]
    public static partial void StreamsNotRead(ILogger logger, string project, string reason);

    [LoggerMessage(1509, LogLevel.Debug, "Stream {Stream} was tried again: {Reason}")]
    public static partial void StreamStillFails(ILogger logger, string stream, string reason);

    [LoggerMessage(1510, LogLevel.Warning, "The policy {File} is not in force: {Reason}")]
    public static partial void PolicyRefused(ILogger logger, string file, string reason);

    [LoggerMessage(1511, LogLevel.Warning, "{Count} requests were not answered within {Seconds} s of the stop (Server:ShutdownTimeout) and are given up")]
    public static partial void RequestsLeft(ILogger logger, long count, double seconds);

    [LoggerMessage(1512, LogLevel.Error, "The certificate that is in use goes on: {Reason}")]
    public static partial void CertificateKept(ILogger logger, string reason);

    [LoggerMessage(1504, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);
}
