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

    [LoggerMessage(1504, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);
}
