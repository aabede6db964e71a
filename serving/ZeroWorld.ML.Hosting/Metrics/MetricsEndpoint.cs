using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>What <c>/metrics</c> answers: the instruments of the process as OpenTelemetry writes them, then those that are read here when somebody looks.</summary>
internal sealed class MetricsEndpoint(ModelMetrics models, NodeMetrics node)
{
    // The one format that all names fit: OpenMetrics asks counters to end in _total, which the names that dashboards know do not.
    private const string TextFormat = "text/plain; version=0.0.4";

    /// <summary>Middleware in front of the exporter of OpenTelemetry.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var body = context.Response.Body;
        using var exported = new MemoryStream();
        context.Request.Headers.Accept = TextFormat;
        context.Response.Body = exported;
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            context.Response.Body = body;
        }

        if (context.Response.StatusCode != StatusCodes.Status200OK)
        {
            return;
        }

        var own = new ArrayBufferWriter<byte>();
        var text = new PrometheusText(own);
        models.Write(text);
        node.Write(text);
        context.Response.ContentType = "text/plain; charset=utf-8; version=0.0.4";
        context.Response.ContentLength = exported.Length + own.WrittenCount;
        await body.WriteAsync(exported.GetBuffer().AsMemory(0, (int)exported.Length), context.RequestAborted).ConfigureAwait(false);
        await body.WriteAsync(own.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }
}
