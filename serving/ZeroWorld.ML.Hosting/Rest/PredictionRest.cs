using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Prediction by entity over REST: <c>POST /v1/models/MODEL:predict</c>.</summary>
internal sealed class PredictionRest(PredictionReasons predictions, ServableManager servables, ServerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/models/{model}:predict", PredictAsync);
        routes.MapPost("/v1/projects/{project}/models/{model}:predict", PredictAsync);
    }

    private async Task PredictAsync(HttpContext context)
    {
        var model = new ModelName(
            (string?)context.Request.RouteValues.GetValueOrDefault("project") ?? ModelName.DefaultProject, (string)context.Request.RouteValues["model"]!);
        var bytes = await RestBody.ReadAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        var received = Stopwatch.GetTimestamp();
        using var body = PredictJson.Parse(bytes);
        PredictionRequest request;

        // The declared types decide how JSON values are read, so the model is looked up first; the prediction pins it again for itself.
        using (var lease = await servables.AcquireAsync(model, body.Selector, context.RequestAborted).ConfigureAwait(false))
        {
            request = body.ToRequest(model, lease.Servable.Plan, received);
        }

        var (result, reasons) = await predictions.PredictAsync(request, body.Reasons, context.RequestAborted).ConfigureAwait(false);
        await RestBody.WriteAsync(
            context,
            (result, reasons, body.OmitFeatures),
            static (writer, answer) =>
            {
                PredictJsonWriter.Write(writer, answer.result, answer.reasons, answer.OmitFeatures);
                answer.result.Answered.Finish();
                answer.result.Release();
            }).ConfigureAwait(false);
    }
}
