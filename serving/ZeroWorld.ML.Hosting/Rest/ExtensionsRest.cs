using System.Buffers;
using System.Text.Json;
using Google.Protobuf;
using Inference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The calls that Triton's clients know beyond the protocol, over REST: configuration, statistics, repository, shared memory, logging and trace settings.</summary>
internal sealed class ExtensionsRest(ProtocolExtensions extensions, ServerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        // A model of the name 'stats' has no metadata over REST: the path is this one.
        routes.MapGet("/v2/models/stats", GetStatisticsAsync);
        foreach (var model in RestRoutes.Models)
        {
            routes.MapGet($"{model}/config", GetConfigurationAsync);
            routes.MapGet($"{model}/stats", GetStatisticsAsync);
        }

        foreach (var repository in (ReadOnlySpan<string>)["/v2/repository", "/v2/repository/{repository}"])
        {
            routes.MapPost($"{repository}/index", IndexAsync);
            routes.MapPost($"{repository}/models/{{model}}/load", LoadAsync);
            routes.MapPost($"{repository}/models/{{model}}/unload", UnloadAsync);
        }

        foreach (var trace in (ReadOnlySpan<string>)["/v2/trace/setting", "/v2/models/{model}/trace/setting"])
        {
            routes.MapGet(trace, WriteTraceSettingsAsync);
            routes.MapPost(trace, ChangeTraceSettingsAsync);
        }

        routes.MapGet("/v2/logging", WriteLogSettingsAsync);
        routes.MapPost("/v2/logging", ChangeLogSettingsAsync);
        MapSharedMemory(routes);
    }

    private void MapSharedMemory(IEndpointRouteBuilder routes)
    {
        foreach (var (system, cuda) in (ReadOnlySpan<(string, string)>)
            [("/v2/systemsharedmemory", "/v2/cudasharedmemory"), ("/v2/systemsharedmemory/region/{region}", "/v2/cudasharedmemory/region/{region}")])
        {
            routes.MapGet($"{system}/status", WriteRegionsAsync);
            routes.MapPost($"{system}/register", RegisterAsync);
            routes.MapPost($"{system}/unregister", context =>
            {
                extensions.SharedMemory.Unregister(RestRoutes.Value(context, "region"));
                return Task.CompletedTask;
            });
            routes.MapGet($"{cuda}/status", static context => RestRoutes.Value(context, "region") is { Length: > 0 } region
                ? throw CudaSharedMemory.NotFound(region)
                : WriteArrayAsync(context, []));
            routes.MapPost($"{cuda}/register", static (HttpContext context) => throw CudaSharedMemory.NotSupported(RestRoutes.Value(context, "region")));
            routes.MapPost($"{cuda}/unregister", static (HttpContext _) => Task.CompletedTask);
        }
    }

    private async Task GetConfigurationAsync(HttpContext context)
    {
        var configuration = await extensions.Models.GetConfigurationAsync(RestRoutes.Model(context), RestRoutes.Version(context), context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, ModelMessages.ToConfig(configuration)).ConfigureAwait(false);
    }

    private Task GetStatisticsAsync(HttpContext context)
    {
        var response = new ModelStatisticsResponse();
        response.ModelStats.AddRange(extensions.Models.GetStatistics(RestRoutes.Model(context), RestRoutes.Version(context)).Select(ModelMessages.ToStatistics));
        return WriteAsync(context, response);
    }

    private async Task IndexAsync(HttpContext context)
    {
        using var body = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        var isReadyOnly = body.RootElement.TryGetProperty("ready", out var ready) && ready.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Bad("Invalid value for 'ready': expected a boolean"),
        };
        var index = await extensions.Repository.GetIndexAsync(RestRoutes.Value(context, "repository"), isReadyOnly, context.RequestAborted).ConfigureAwait(false);
        await WriteArrayAsync(context, index.Models).ConfigureAwait(false);
    }

    private async Task LoadAsync(HttpContext context)
    {
        var parameters = await ReadParametersAsync(context).ConfigureAwait(false);
        await extensions.Repository.LoadAsync(RestRoutes.Value(context, "repository"), RestRoutes.Model(context), parameters, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task UnloadAsync(HttpContext context)
    {
        var parameters = await ReadParametersAsync(context).ConfigureAwait(false);
        await extensions.Repository.UnloadAsync(RestRoutes.Value(context, "repository"), RestRoutes.Model(context), parameters, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<Dictionary<string, ModelRepositoryParameter>> ReadParametersAsync(HttpContext context)
    {
        using var body = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        return !body.RootElement.TryGetProperty("parameters", out var parameters)
            ? []
            : JsonParameters.Read(parameters, "parameters").ToDictionary(static parameter => parameter.Key, static parameter => ToRepository(parameter.Key, parameter.Value), StringComparer.Ordinal);
    }

    // A file is base64 in JSON.
    private static ModelRepositoryParameter ToRepository(string name, InferParameter parameter) => parameter.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.StringParam when name.StartsWith(ModelRepository.FilePrefix, StringComparison.Ordinal) =>
            new ModelRepositoryParameter { BytesParam = FromBase64(name, parameter.StringParam) },
        InferParameter.ParameterChoiceOneofCase.StringParam => new ModelRepositoryParameter { StringParam = parameter.StringParam },
        InferParameter.ParameterChoiceOneofCase.BoolParam => new ModelRepositoryParameter { BoolParam = parameter.BoolParam },
        InferParameter.ParameterChoiceOneofCase.Int64Param => new ModelRepositoryParameter { Int64Param = parameter.Int64Param },
        _ => new ModelRepositoryParameter(),
    };

    private static ByteString FromBase64(string name, string text)
    {
        try
        {
            return UnsafeByteOperations.UnsafeWrap(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw Bad($"The value of the parameter '{name}' is not base64");
        }
    }

    private async Task RegisterAsync(HttpContext context)
    {
        using var body = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        var fields = JsonParameters.Read(body.RootElement, "body");
        var key = fields.GetValueOrDefault("key") ?? throw Bad("Shared memory register request has no 'key' field");
        extensions.SharedMemory.Register(
            RestRoutes.Value(context, "region"),
            key.HasStringParam ? key.StringParam : throw Bad("'key' is no string"),
            fields.TryGetValue("offset", out var offset) ? ToSize("offset", offset) : 0,
            fields.TryGetValue("byte_size", out var size) ? ToSize("byte_size", size) : throw Bad("Shared memory register request has no 'byte_size' field"));
    }

    private Task WriteRegionsAsync(HttpContext context) => WriteArrayAsync(
        context,
        extensions.SharedMemory.List(RestRoutes.Value(context, "region")).Select(static region => new SystemSharedMemoryStatusResponse.Types.RegionStatus
        {
            Name = region.Name, Key = region.Key, Offset = (ulong)region.Offset, ByteSize = (ulong)region.ByteSize,
        }));

    private async Task ChangeLogSettingsAsync(HttpContext context)
    {
        using (var body = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false))
        {
            // A null leaves its setting as it is.
            extensions.Logs.Change(
            [
                .. body.RootElement.EnumerateObject().Where(static setting => setting.Value.ValueKind != JsonValueKind.Null)
                    .Select(static setting => new KeyValuePair<string, object>(setting.Name, ToSetting(setting.Value))),
            ]);
        }

        await WriteLogSettingsAsync(context).ConfigureAwait(false);
    }

    private Task WriteLogSettingsAsync(HttpContext context) => RestBody.WriteAsync(context, extensions.Logs.Read(), static (writer, settings) =>
    {
        writer.WriteStartObject();
        foreach (var (name, value) in settings)
        {
            switch (value)
            {
                case bool flag:
                    writer.WriteBoolean(name, flag);
                    break;
                case uint number:
                    writer.WriteNumber(name, number);
                    break;
                default:
                    writer.WriteString(name, (string)value);
                    break;
            }
        }

        writer.WriteEndObject();
    });

    private async Task ChangeTraceSettingsAsync(HttpContext context)
    {
        using (var body = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false))
        {
            extensions.Traces.Change(RestRoutes.Value(context, "model"), [.. body.RootElement.EnumerateObject().Select(static setting => new KeyValuePair<string, IReadOnlyList<string>>(setting.Name, ToTexts(setting)))]);
        }

        await WriteTraceSettingsAsync(context).ConfigureAwait(false);
    }

    private Task WriteTraceSettingsAsync(HttpContext context) => RestBody.WriteAsync(context, extensions.Traces.Read(RestRoutes.Value(context, "model")), static (writer, settings) =>
    {
        writer.WriteStartObject();
        foreach (var (name, value) in settings)
        {
            if (name == TraceSettings.Level)
            {
                writer.WriteStartArray(name);
                writer.WriteStringValue(value);
                writer.WriteEndArray();
            }
            else
            {
                writer.WriteString(name, value);
            }
        }

        writer.WriteEndObject();
    });

    private static Task WriteAsync(HttpContext context, IMessage message) => RestBody.WriteAsync(context, message, MessageJson.Write);

    private static Task WriteArrayAsync(HttpContext context, IEnumerable<IMessage> messages) => RestBody.WriteAsync(context, messages, static (writer, items) =>
    {
        writer.WriteStartArray();
        foreach (var item in items)
        {
            MessageJson.Write(writer, item);
        }

        writer.WriteEndArray();
    });

    private static object ToSetting(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetUInt32(out var number) => number,
        _ => value.GetRawText().Trim('"'),
    };

    private static IReadOnlyList<string> ToTexts(JsonProperty setting) => setting.Value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.String => [setting.Value.GetRawText().Trim('"')],
        JsonValueKind.Number => [setting.Value.GetRawText()],
        JsonValueKind.Array when setting.Value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String) =>
            [.. setting.Value.EnumerateArray().Select(static item => item.GetRawText().Trim('"'))],
        _ => throw Bad($"'{setting.Name}' is {setting.Value.GetRawText()}; expected a string or an array of strings"),
    };

    private static ulong ToSize(string name, InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.Int64Param when value.Int64Param >= 0 => (ulong)value.Int64Param,
        InferParameter.ParameterChoiceOneofCase.Uint64Param => value.Uint64Param,
        _ => throw Bad($"'{name}' is {value}; expected a whole number of 0 or more"),
    };

    private static RestFailure Bad(string message) => new(StatusCodes.Status400BadRequest, message);
}
