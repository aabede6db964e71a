using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The Open Inference Protocol over REST: JSON, with tensors as bytes after it where the caller wants that.</summary>
internal sealed class InferenceRest(InferencePath inference, InferenceCalls calls, ServedModels models, ServerIdentity identity, ServerReadiness readiness, ServerOptions options)
{
    private const string HeaderLength = "Inference-Header-Content-Length";
    private const string BinaryContent = "application/octet-stream";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2", GetServer);
        routes.MapGet("/v2/health/live", static context => WriteFlagAsync(context, "live", true));
        routes.MapGet("/v2/health/ready", context => WriteFlagAsync(context, "ready", readiness.IsReady));
        foreach (var model in RestRoutes.Models)
        {
            routes.MapGet(model, GetModelAsync);
            routes.MapGet($"{model}/ready", context => WriteFlagAsync(context, "ready", inference.IsReady(RestRoutes.Model(context), RestRoutes.Version(context))));
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
        var name = RestRoutes.Model(context);
        var metadata = await inference.GetMetadataAsync(name, RestRoutes.Version(context), context.RequestAborted).ConfigureAwait(false);
        await RestBody.WriteAsync(context, (name, metadata), static (writer, model) =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", model.name);
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
        var model = RestRoutes.Model(context);
        var version = RestRoutes.Version(context);
        var body = await RestBody.ReadAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        var received = Stopwatch.GetTimestamp();
        var message = await ReadAsync(context, model, version, body).ConfigureAwait(false);
        var answer = await calls.RunAsync(model, version, message, null, received, context.RequestAborted).ConfigureAwait(false);

        var buffer = new ArrayBufferWriter<byte>();
        var jsonBytes = InferJsonWriter.Write(buffer, model, answer.Version.ToString(CultureInfo.InvariantCulture), message.Id, answer.Outputs);
        answer.Request.Finish();
        if (jsonBytes is { } length)
        {
            context.Response.Headers[HeaderLength] = length.ToString(CultureInfo.InvariantCulture);
        }

        await RestBody.SendPackedAsync(context, buffer.WrittenMemory, jsonBytes is null ? "application/json" : BinaryContent).ConfigureAwait(false);
    }

    private async ValueTask<InferMessage> ReadAsync(HttpContext context, string model, string version, ReadOnlyMemory<byte> body)
    {
        if (!context.Request.Headers.TryGetValue(HeaderLength, out var header))
        {
            return InferJsonReader.Read(model, body, default, calls.SharedMemory);
        }

        var text = header.ToString();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > body.Length)
        {
            throw new RestFailure(StatusCodes.Status400BadRequest, $"{HeaderLength} is '{text}'; expected the bytes of JSON before the tensors, 0 to {body.Length}");
        }

        if (length > 0)
        {
            return InferJsonReader.Read(model, body[..length], body[length..], calls.SharedMemory);
        }

        var configuration = await models.GetConfigurationAsync(model, version, context.RequestAborted).ConfigureAwait(false);
        return RawRequest.Read(model, configuration.Signature, configuration.RowsMax > 0, body);
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
}
