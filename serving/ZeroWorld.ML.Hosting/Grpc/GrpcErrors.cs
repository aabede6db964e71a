using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting;

/// <summary>The one place where failures become gRPC statuses. What is no failure of a domain is a bug: UNKNOWN to the caller, an error in the log.</summary>
internal sealed class GrpcErrors(TimeProvider timeProvider, ILogger<GrpcErrors> logger)
{
    private const string TimeoutHeader = "grpc-timeout";
    private static readonly Status Expired = new(StatusCode.DeadlineExceeded, "The deadline had passed before the call was looked at.");
    private static readonly Status TooLate = new(StatusCode.DeadlineExceeded, "The deadline passed.");

    /// <summary>What is said to nobody: the caller went away.</summary>
    public static Status Gone { get; } = new(StatusCode.Cancelled, "The caller went away.");

    /// <returns><see langword="null"/>: the call has none.</returns>
    public static DateTimeOffset? DeadlineOf(ServerCallContext context) => context.Deadline == DateTime.MaxValue ? null : new DateTimeOffset(context.Deadline);

    /// <summary>A timeout below 100 ns is read as none by the transport, so it is looked at here.</summary>
    public void ThrowIfExpired(ServerCallContext context)
    {
        var isExpired = context.Deadline == DateTime.MaxValue
            ? context.GetHttpContext().Request.Headers.TryGetValue(TimeoutHeader, out var timeout) && IsNoTime(timeout.ToString())
            : context.Deadline <= timeProvider.GetUtcNow().UtcDateTime;
        if (isExpired)
        {
            throw new RpcException(Expired);
        }
    }

    /// <summary>Whether a well-formed timeout is less than one tick of the transport's clock.</summary>
    private static bool IsNoTime(string timeout) =>
        timeout.Length is >= 2 and <= 9
        && long.TryParse(timeout.AsSpan(0, timeout.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && (count == 0 ? timeout[^1] is 'H' or 'M' or 'S' or 'm' or 'u' or 'n' : timeout[^1] == 'n' && count < 100);

    public RpcException Translate(Exception exception, ServerCallContext context) =>
        Translate(exception, context.Method, DeadlineOf(context), context.CancellationToken);

    /// <param name="method">Path of the call's method.</param>
    /// <param name="deadline">The call's deadline; <see langword="null"/>: it has none.</param>
    /// <param name="ended">Cancelled when the caller has gone, or the deadline has passed.</param>
    public RpcException Translate(Exception exception, string method, DateTimeOffset? deadline, CancellationToken ended)
    {
        if (exception is OperationCanceledException && (ended.IsCancellationRequested || deadline <= timeProvider.GetUtcNow()))
        {
            return new RpcException(deadline <= timeProvider.GetUtcNow() ? TooLate : Gone);
        }

        if (CallFailure.Of(exception) is not { } failure)
        {
            HostingLog.CallBroke(logger, exception, method);
            return new RpcException(new Status(StatusCode.Unknown, "The server failed; its log says why."));
        }

        if (failure.Code is StatusCode.Internal or StatusCode.DataLoss)
        {
            HostingLog.CallFailed(logger, exception, method, failure.Code.ToString());
        }
        else
        {
            HostingLog.CallRefused(logger, method, failure.Code.ToString(), failure.Message);
        }

        return new RpcException(new Status(failure.Code, failure.Message));
    }
}
