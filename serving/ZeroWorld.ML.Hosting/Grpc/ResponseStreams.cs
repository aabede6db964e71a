using Grpc.Core;

namespace ZeroWorld.ML.Hosting;

/// <summary>Writing to a caller that may leave at any moment.</summary>
internal static class ResponseStreams
{
    /// <summary>Writes one message.</summary>
    /// <exception cref="RpcException">CANCELLED: the caller left between the look at the token and the write, which the stream calls an invalid operation.</exception>
    public static async Task WriteToCallerAsync<T>(this IServerStreamWriter<T> responses, T message, ServerCallContext context, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await responses.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (context.CancellationToken.IsCancellationRequested || context.GetHttpContext().RequestAborted.IsCancellationRequested)
        {
            throw new RpcException(GrpcErrors.Gone);
        }
    }
}
