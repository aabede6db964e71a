using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Recommendation over REST: <c>POST /v1/models/MODEL:recommend</c> with the fields of <c>RecommendRequest</c>, <c>{"user": "42", "k": 10}</c>.</summary>
internal sealed class RecommendationRest(RecommendationCalls calls, ServerOptions options)
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false).WithRecursionLimit(16));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true));

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/models/{model}:recommend", RecommendAsync);
        routes.MapPost("/v1/projects/{project}/models/{model}:recommend", RecommendAsync);
    }

    private async Task RecommendAsync(HttpContext context)
    {
        // Read once as JSON, for the same refusals as elsewhere; then as the message.
        using var document = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        var received = Stopwatch.GetTimestamp();
        RecommendRequest request;
        try
        {
            request = Parser.Parse<RecommendRequest>(document.RootElement.GetRawText());
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new RestFailure(StatusCodes.Status400BadRequest, $"The body is no RecommendRequest: {exception.Message}");
        }

        request.Project = (string?)context.Request.RouteValues.GetValueOrDefault("project") ?? ModelName.DefaultProject;
        request.Model = (string)context.Request.RouteValues["model"]!;
        var reply = await calls.RecommendAsync(request, received, context.RequestAborted).ConfigureAwait(false);
        var body = Encoding.UTF8.GetBytes(Formatter.Format(reply.Response));
        reply.Answered.Finish();
        await RestBody.SendAsync(context, body).ConfigureAwait(false);
    }
}
