using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting;

/// <summary>The one place where failures become HTTP answers: <c>{"error": "..."}</c> with the right status.</summary>
internal sealed class RestErrors(ILogger<RestErrors> logger)
{
    private const int ClientClosedRequest = 499;

    /// <summary>Middleware around every REST endpoint.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The edge of a request: what is no failure of a domain is a bug, logged here and opaque to the caller.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await AnswerAsync(context, exception).ConfigureAwait(false);
            return;
        }

        if (!context.Response.HasStarted && context.Response.ContentLength is null && context.Response.StatusCode is >= 400)
        {
            var message = context.Response.StatusCode switch
            {
                StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Method} {context.Request.Path}; GET / lists what there is.",
                StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}.",
                _ => "The request was refused.",
            };
            await WriteAsync(context, context.Response.StatusCode, message).ConfigureAwait(false);
        }
    }

    private Task AnswerAsync(HttpContext context, Exception exception)
    {
        var method = $"{context.Request.Method} {context.Request.Path}";
        if (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            context.Response.StatusCode = ClientClosedRequest;
            return Task.CompletedTask;
        }

        if (context.Response.HasStarted)
        {
            HostingLog.CallBroke(logger, exception, method);
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Clear();
        switch (exception)
        {
            case RestFailure failure:
                HostingLog.CallRefused(logger, method, $"{failure.StatusCode}", failure.Message);
                return WriteAsync(context, failure.StatusCode, failure.Message);
            case BadHttpRequestException bad:
                HostingLog.CallRefused(logger, method, $"{bad.StatusCode}", bad.Message);
                return WriteAsync(context, bad.StatusCode, bad.Message);
            case IOException { InnerException: OverflowException } chunk:
                // What Kestrel makes of a chunk that says it has more bytes than a number can hold.
                HostingLog.CallRefused(logger, method, $"{StatusCodes.Status400BadRequest}", chunk.Message);
                return WriteAsync(context, StatusCodes.Status400BadRequest, chunk.Message);
        }

        if (CallFailure.Of(exception) is not { } call)
        {
            HostingLog.CallBroke(logger, exception, method);
            return WriteAsync(context, StatusCodes.Status500InternalServerError, "The server failed; its log says why.");
        }

        if (call.Code is StatusCode.Internal or StatusCode.DataLoss)
        {
            HostingLog.CallFailed(logger, exception, method, call.Code.ToString());
        }
        else
        {
            HostingLog.CallRefused(logger, method, call.Code.ToString(), call.Message);
        }

        if (call.Code is StatusCode.ResourceExhausted or StatusCode.Unavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return WriteAsync(context, call.ToHttpStatus(), call.Message);
    }

    private static Task WriteAsync(HttpContext context, int statusCode, string message)
    {
        context.Response.StatusCode = statusCode;
        return RestBody.WriteAsync(context, message, static (writer, text) =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", text);
            writer.WriteEndObject();
        });
    }
}
