using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Recommendation over REST: <c>POST /v1/models/MODEL:recommend</c> with the fields of <c>RecommendRequest</c>, <c>{"user": "42", "k": 10}</c>.</summary>
internal sealed class RecommendationRest(RecommendationCalls calls, ServerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/models/{model}:recommend", RecommendAsync);
        routes.MapPost("/v1/projects/{project}/models/{model}:recommend", RecommendAsync);
    }

    private async Task RecommendAsync(HttpContext context)
    {
        var request = await RestMessage.ReadAsync<RecommendRequest>(context, options.MessageBytesMax).ConfigureAwait(false);
        var received = Stopwatch.GetTimestamp();
        request.Project = (string?)context.Request.RouteValues.GetValueOrDefault("project") ?? ModelName.DefaultProject;
        request.Model = (string)context.Request.RouteValues["model"]!;
        var reply = await calls.RecommendAsync(request, received, context.RequestAborted).ConfigureAwait(false);
        var body = RestMessage.Format(reply.Response);
        reply.Answered.Finish();
        await RestBody.SendAsync(context, body).ConfigureAwait(false);
    }
}
