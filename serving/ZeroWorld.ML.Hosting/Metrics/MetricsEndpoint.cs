using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

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

        // The exporter compresses for callers who take that, and what is written here stands behind it in the same body.
        var encoding = Compression.Choose(context.Request);
        context.Request.Headers.Remove(HeaderNames.AcceptEncoding);
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
        exported.Write(own.WrittenSpan);
        var whole = exported.GetBuffer().AsMemory(0, (int)exported.Length);
        context.Response.ContentType = "text/plain; charset=utf-8; version=0.0.4";
        context.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (encoding is not null)
        {
            whole = Compression.Compress(whole, encoding);
            context.Response.Headers.ContentEncoding = encoding;
        }

        context.Response.ContentLength = whole.Length;
        await body.WriteAsync(whole, context.RequestAborted).ConfigureAwait(false);
    }
}
