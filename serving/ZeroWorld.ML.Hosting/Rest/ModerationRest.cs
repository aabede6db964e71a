using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Decisions about content over REST: <c>POST /v1/models/MODEL:score</c> with the fields of <c>ScoreRequest</c>, <c>{"id": "4711", "text": "..."}</c>.</summary>
internal sealed class ModerationRest(ModerationCalls calls, ServerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/models/{model}:score", ScoreAsync);
        routes.MapPost("/v1/projects/{project}/models/{model}:score", ScoreAsync);
    }

    private async Task ScoreAsync(HttpContext context)
    {
        // No text is a mistake of the caller, as in the items of a stream, and no empty text.
        var request = await RestMessage.ReadAsync<ScoreRequest>(context, options.MessageBytesMax, "text").ConfigureAwait(false);
        request.Project = (string?)context.Request.RouteValues.GetValueOrDefault("project") ?? ModelName.DefaultProject;
        request.Model = (string)context.Request.RouteValues["model"]!;
        var response = await calls.DecideAsync(request, request, 1, new TextWorkspace(), context.RequestAborted).ConfigureAwait(false);
        await RestBody.SendAsync(context, response.OutcomeCase == ScoreResponse.OutcomeOneofCase.Refused
            ? throw new RestFailure(StatusCodes.Status400BadRequest, response.Refused)
            : RestMessage.Format(response)).ConfigureAwait(false);
    }
}
