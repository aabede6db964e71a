using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>Triton's generate extension: inputs as plain properties of the request, outputs as plain properties of the answer; <c>generate_stream</c> sends the answer as one server-sent event.</summary>
internal sealed class GenerateRest(InferenceCalls calls, ServedModels models, ServerOptions options)
{
    // Properties of the request that may hold further inputs and parameters.
    private const string Nested = "parameters";

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var model in RestRoutes.Models)
        {
            routes.MapPost($"{model}/generate", context => AnswerAsync(context, isStream: false));
            routes.MapPost($"{model}/generate_stream", context => AnswerAsync(context, isStream: true));
        }
    }

    private async Task AnswerAsync(HttpContext context, bool isStream)
    {
        var model = RestRoutes.Model(context);
        var version = RestRoutes.Version(context);
        var signature = (await models.GetConfigurationAsync(model, version, context.RequestAborted).ConfigureAwait(false)).Signature;
        InferMessage message;
        long received;
        using (var body = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false))
        {
            received = Stopwatch.GetTimestamp();
            message = GenerateJson.Read(body.RootElement, signature, Nested);
        }

        var answer = await calls.RunAsync(model, version, message, null, received, context.RequestAborted).ConfigureAwait(false);
        var buffer = new ArrayBufferWriter<byte>();
        if (isStream)
        {
            buffer.Write("data: "u8);
        }

        GenerateJson.Write(buffer, model, ModelMessages.ToText(answer.Version), message.Id, answer.Outputs);
        if (isStream)
        {
            buffer.Write("\n\n"u8);
        }

        answer.Request.Finish();
        await RestBody.SendAsync(context, buffer.WrittenMemory, isStream ? "text/event-stream; charset=utf-8" : "application/json").ConfigureAwait(false);
    }
}
