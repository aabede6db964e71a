using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The Open Inference Protocol over REST, in its JSON form.</summary>
internal sealed class InferenceRest(InferencePath inference, ServerIdentity identity, ServerReadiness readiness, ServerOptions options)
{
    private const string BinaryHeader = "Inference-Header-Content-Length";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2", GetServer);
        routes.MapGet("/v2/health/live", static context => WriteFlagAsync(context, "live", true));
        routes.MapGet("/v2/health/ready", context => WriteFlagAsync(context, "ready", readiness.IsReady));
        foreach (var model in (ReadOnlySpan<string>)["/v2/models/{model}", "/v2/models/{model}/versions/{version}"])
        {
            routes.MapGet(model, GetModelAsync);
            routes.MapGet($"{model}/ready", context => WriteFlagAsync(context, "ready", inference.IsReady(Model(context), Version(context))));
            routes.MapPost($"{model}/infer", InferAsync);
        }
    }

    private Task GetServer(HttpContext context) => RestBody.WriteAsync(context, identity, static (writer, server) =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", server.Name);
        writer.WriteString("version", server.Version);
        writer.WriteStartArray("extensions");
        foreach (var extension in server.Extensions)
        {
            writer.WriteStringValue(extension);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private async Task GetModelAsync(HttpContext context)
    {
        var metadata = await inference.GetMetadataAsync(Model(context), Version(context), context.RequestAborted).ConfigureAwait(false);
        await RestBody.WriteAsync(context, (Name: Model(context), metadata), static (writer, model) =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", model.Name);
            writer.WriteStartArray("versions");
            foreach (var version in model.metadata.Versions)
            {
                writer.WriteStringValue(version.ToString(CultureInfo.InvariantCulture));
            }

            writer.WriteEndArray();
            writer.WriteString("platform", model.metadata.Platform);
            WriteTensors(writer, "inputs", model.metadata.Signature.Inputs);
            WriteTensors(writer, "outputs", model.metadata.Signature.Outputs);
            writer.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task InferAsync(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey(BinaryHeader))
        {
            throw new RestFailure(StatusCodes.Status400BadRequest, $"Binary tensors ({BinaryHeader}) are not taken here; send JSON data, or raw tensors over gRPC.");
        }

        var request = InferJsonReader.Read(await RestBody.ReadAsync(context, options.MessageBytesMax).ConfigureAwait(false));
        var result = await inference.InferAsync(
            new InferenceRequest
            {
                ModelName = Model(context),
                ModelVersion = Version(context),
                Inputs = InferTensors.ToInputs(request.Inputs),
                Outputs = request.Outputs,
            },
            context.RequestAborted).ConfigureAwait(false);
        var buffer = new ArrayBufferWriter<byte>();
        InferJsonWriter.Write(
            buffer, Model(context), result.Version.ToString(CultureInfo.InvariantCulture), request.Id, [.. result.Outputs.Select(InferTensors.ToWire)]);
        await RestBody.SendAsync(context, buffer).ConfigureAwait(false);
    }

    private static Task WriteFlagAsync(HttpContext context, string name, bool value)
    {
        context.Response.StatusCode = value ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return RestBody.WriteAsync(context, (name, value), static (writer, flag) =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean(flag.name, flag.value);
            writer.WriteEndObject();
        });
    }

    private static void WriteTensors(System.Text.Json.Utf8JsonWriter writer, string name, IReadOnlyList<TensorSpec> tensors)
    {
        writer.WriteStartArray(name);
        foreach (var tensor in tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteString("datatype", tensor.Dtype.ToName());
            writer.WriteStartArray("shape");
            foreach (var dimension in tensor.Shape)
            {
                writer.WriteNumberValue(dimension);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Model(HttpContext context) => (string)context.Request.RouteValues["model"]!;

    private static string Version(HttpContext context) => (string?)context.Request.RouteValues.GetValueOrDefault("version") ?? "";
}
