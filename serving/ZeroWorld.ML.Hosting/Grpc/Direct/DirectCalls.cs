using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ZeroWorld.ML.Hosting;

/// <summary>The two calls on whose speed everything depends, ModelInfer and Predict, answered without the layers that other calls go through.</summary>
/// <remarks>
/// It takes whole, uncompressed messages that are what they should be. Everything else - another encoding, a message in pieces that never end, whatever a decoder refuses - is handed on untouched,
/// so that there is one place for every rule and every sentence. gRPC over HTTP/2: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
/// </remarks>
internal sealed class DirectCalls(DirectInfer infer, DirectPredict predict, RestrictedCalls restricted, RequestDrain requests, ServerOptions options, GrpcErrors errors, TimeProvider time)
{
    private const int FrameHeaderBytes = 5;
    private const string InferPath = "/inference.GRPCInferenceService/ModelInfer";
    private const string PredictPath = "/zeroworld.ml.v1.PredictionService/Predict";
    private static readonly Status Late = new(StatusCode.DeadlineExceeded, "The deadline passed.");

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IDirectMethod? method = context.Request.Path.Value switch
        {
            InferPath => infer,
            PredictPath => predict,
            _ => null,
        };
        return method is not null && (restricted.IsEmpty || restricted.Allows(method == infer ? "inference" : "predictions", context.Request)) && IsPlain(context.Request) && context.IsFrom(Listener.Grpc) && DirectDeadline.TryRead(context.Request, out var timeout)
            ? AnswerAsync(method, context, next, timeout)
            : next(context);
    }

    private static bool IsPlain(HttpRequest request) =>
        request.ContentType is "application/grpc" or "application/grpc+proto" && HttpMethods.IsPost(request.Method) && request.Headers.GrpcEncoding.Count == 0;

    private async Task AnswerAsync(IDirectMethod method, HttpContext context, RequestDelegate next, TimeSpan? timeout)
    {
        // What this call is, its model's histograms say.
        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }

        if (!requests.TryBegin())
        {
            DirectReply.WriteStatus(context.Response, RequestDrain.Refusal);
            return;
        }

        using var deadline = DirectDeadline.Start(timeout, time);
        IDirectCall? call = null;
        try
        {
            var reader = context.Request.BodyReader;
            ReadResult read;
            while (true)
            {
                read = await reader.ReadAsync(deadline.TimeToken).ConfigureAwait(false);
                if (read.IsCompleted || IsTooLarge(read.Buffer))
                {
                    break;
                }

                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }

            call = TryUnframe(read, out var message) ? method.TryRead(message, deadline.Time) : null;
            if (call is null)
            {
                reader.AdvanceTo(read.Buffer.Start);
                await next(context).ConfigureAwait(false);
                return;
            }

            reader.AdvanceTo(read.Buffer.End);
            if (timeout is null && call.Timeout is null)
            {
                await call.RunAsync(context).ConfigureAwait(false);
            }
            else if (await RunInTimeAsync(call, deadline, context).ConfigureAwait(false) is { } late)
            {
                call = null;
                DirectReply.WriteStatus(context.Response, late);
                return;
            }

            DirectReply.Write(context.Response, call, options.MessageBytesMax);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            // The caller reset the stream: nobody is there to be told.
        }
        catch (RpcException exception)
        {
            DirectReply.WriteStatus(context.Response, exception.Status, exception.Trailers);
        }
#pragma warning disable CA1031 // The edge of a call: what is no failure of a domain becomes UNKNOWN and an error in the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var failure = errors.Translate(exception, method.Name, deadline.Time, context.RequestAborted);
            DirectReply.WriteStatus(context.Response, failure.Status, failure.Trailers);
        }
        finally
        {
            call?.Dispose();
            requests.End();
        }
    }

    /// <returns>
    /// <see langword="null"/>: it has run. Else what its caller is told: the time is over and the model still runs. It cannot be stopped, and the caller need not wait for that; the call is disposed when it has ended.
    /// </returns>
    private async ValueTask<Status?> RunInTimeAsync(IDirectCall call, DirectDeadline deadline, HttpContext context)
    {
        using var own = DirectDeadline.Start(call.Timeout, time);
        var isOwn = own.Time is { } end && !(deadline.Time <= end);
        var running = call.RunAsync(context).AsTask();
        await running.WaitAsync((isOwn ? own : deadline).TimeToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!running.IsCompleted)
        {
            _ = DisposeLaterAsync(call, running);
            return isOwn ? new Status(StatusCode.DeadlineExceeded, $"Request timeout expired: {call.Timeout!.Value.TotalMicroseconds:0} us") : Late;
        }

        await running.ConfigureAwait(false);
        return null;
    }

    private bool TryUnframe(in ReadResult read, out ReadOnlySequence<byte> message)
    {
        message = default;
        var buffer = read.Buffer;
        if (!read.IsCompleted || read.IsCanceled || buffer.Length < FrameHeaderBytes || IsTooLarge(buffer))
        {
            return false;
        }

        message = buffer.Slice(FrameHeaderBytes);
        return buffer.FirstSpan[0] == 0 && SizeOf(buffer) == message.Length;
    }

    /// <summary>Said by the message's size, before the message is there.</summary>
    private bool IsTooLarge(in ReadOnlySequence<byte> buffer) => buffer.Length >= FrameHeaderBytes && SizeOf(buffer) > options.MessageBytesMax;

    private static uint SizeOf(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.FirstSpan.Length >= FrameHeaderBytes)
        {
            return BinaryPrimitives.ReadUInt32BigEndian(buffer.FirstSpan[1..]);
        }

        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        buffer.Slice(0, FrameHeaderBytes).CopyTo(header);
        return BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
    }

    private static async Task DisposeLaterAsync(IDirectCall call, Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        call.Dispose();
    }
}
