using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The requests that were accepted and are not answered yet, so that a stop waits for them while its ports are open: who asks then hears that the server is live, not ready, and takes nothing new.</summary>
/// <remarks>Thread safe. What asks for health is neither counted nor refused, nor are metrics.</remarks>
internal sealed class RequestDrain
{
    private const string Sentence = "The server is stopping.";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private long _count;
    private volatile bool _isDraining;

    /// <summary>What a gRPC call is told that came too late.</summary>
    public static Status Refusal { get; } = new(StatusCode.Unavailable, Sentence);

    /// <summary>Counts a request that begins; <see cref="End"/> follows.</summary>
    /// <returns><see langword="false"/>: it is not counted and must be refused.</returns>
    public bool TryBegin()
    {
        Interlocked.Increment(ref _count);
        if (!_isDraining)
        {
            return true;
        }

        End();
        return false;
    }

    public void End() => Interlocked.Decrement(ref _count);

    /// <summary>Refuses what begins from now on, and waits for what has begun.</summary>
    /// <param name="limit">How long at most.</param>
    /// <returns>Requests that are left.</returns>
    public async Task<long> DrainAsync(TimeSpan limit)
    {
        _isDraining = true;
        Interlocked.MemoryBarrier();
        var end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        long left;
        while ((left = Interlocked.Read(ref _count)) > 0 && Environment.TickCount64 < end)
        {
            await Task.Delay(Look, CancellationToken.None).ConfigureAwait(false);
        }

        return left;
    }

    /// <summary>Middleware of the gRPC port, behind the direct calls.</summary>
    public Task InvokeGrpcAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments("/grpc.health.v1.Health", StringComparison.Ordinal)
            || context.Request.Path.Value is "/inference.GRPCInferenceService/ServerLive" or "/inference.GRPCInferenceService/ServerReady" or "/inference.GRPCInferenceService/ModelReady")
        {
            return next(context);
        }

        if (TryBegin())
        {
            return RunAsync(context, next);
        }

        DirectReply.WriteStatus(context.Response, Refusal);
        return Task.CompletedTask;
    }

    /// <summary>Middleware of the HTTP port.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelNotReady"/>: the server is stopping.</exception>
    public Task InvokeRestAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments("/v2/health", StringComparison.Ordinal) || context.Request.Path.Value?.EndsWith("/ready", StringComparison.Ordinal) == true)
        {
            return next(context);
        }

        return TryBegin() ? RunAsync(context, next) : throw new ServingException(ServingError.ModelNotReady, Sentence);
    }

    private async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            End();
        }
    }
}
