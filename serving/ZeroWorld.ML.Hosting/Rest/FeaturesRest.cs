using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Online features over REST: <c>POST /v1/features:read</c>, columns in and columns out.</summary>
/// <remarks>
/// <c>{"feature_service": "fraud", "entities": {"customer_id": [42, 43]}, "request": {"time": "2018-08-13T03:12:00Z"}}</c>, or <c>"features": ["VIEW.FEATURE", "VIEW.*"]</c> in the
/// place of the service. A list gives one value per row, a single value is every row's.
/// </remarks>
internal sealed class FeaturesRest(OnlineFeatures features, ServerOptions options)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/features:read", ReadAsync);
        routes.MapPost("/v1/projects/{project}/features:read", ReadAsync);
    }

    private async Task ReadAsync(HttpContext context)
    {
        using var document = await RestBody.ReadObjectAsync(context, options.MessageBytesMax).ConfigureAwait(false);
        var body = Body.Read(document.RootElement);
        var project = (string?)context.Request.RouteValues.GetValueOrDefault("project") ?? ModelName.DefaultProject;
        var service = await features.FindAsync(project, body.FeatureService, body.Features, context.RequestAborted).ConfigureAwait(false);
        var rows = await features.ReadAsync(
            service, JsonColumns.ReadEntities(body.Entities, service), JsonColumns.ReadRequest(body.Request, service), context.RequestAborted).ConfigureAwait(false);
        await RestBody.WriteAsync(context, (service.Service.Fingerprint, rows), static (writer, answer) => Write(writer, answer.Fingerprint, answer.rows)).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter writer, string fingerprint, FeatureRows rows)
    {
        writer.WriteStartObject();
        writer.WriteString("fingerprint", fingerprint);
        writer.WriteNumber("rows", rows.Rows);
        writer.WriteStartArray("features");
        for (var column = 0; column < rows.Columns.Count; column++)
        {
            WriteColumn(writer, rows, column);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteColumn(Utf8JsonWriter writer, FeatureRows rows, int column)
    {
        var cells = rows.Cells.Span;
        var stride = rows.Columns.Count;
        writer.WriteStartObject();
        writer.WriteString("name", rows.Columns[column].Name);
        writer.WriteString("type", FeatureTypeNames.Of(rows.Columns[column].Type));
        writer.WriteStartArray("values");
        for (var row = 0; row < rows.Rows; row++)
        {
            FeatureJson.WriteValue(writer, cells[(row * stride) + column].Value);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("statuses");
        for (var row = 0; row < rows.Rows; row++)
        {
            writer.WriteStringValue(FeatureJson.NameOf(cells[(row * stride) + column].Status));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("event_times");
        for (var row = 0; row < rows.Rows; row++)
        {
            if (cells[(row * stride) + column].EventTime is { } time)
            {
                writer.WriteStringValue(UnixMicroseconds.ToText(time));
            }
            else
            {
                writer.WriteNullValue();
            }
        }

        writer.WriteEndArray();
        writer.WriteStartArray("defaulted");
        for (var row = 0; row < rows.Rows; row++)
        {
            writer.WriteBooleanValue(cells[(row * stride) + column].IsDefaulted);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private readonly record struct Body(string FeatureService, IReadOnlyList<string> Features, JsonElement Entities, JsonElement Request)
    {
        /// <exception cref="RestFailure">400: an unknown property, or one of another kind.</exception>
        public static Body Read(JsonElement root)
        {
            var body = new Body("", [], default, default);
            foreach (var property in root.EnumerateObject())
            {
                body = property.Name switch
                {
                    "feature_service" => body with { FeatureService = Text(property.Value, "'feature_service'") },
                    "features" => body with { Features = Texts(property.Value) },
                    "entities" => body with { Entities = Object(property.Value, "'entities'") },
                    "request" => body with { Request = Object(property.Value, "'request'") },
                    var other => throw new RestFailure(
                        StatusCodes.Status400BadRequest, $"Unknown property '{other}'; expected one of feature_service, features, entities, request."),
                };
            }

            return body;
        }

        private static string[] Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(static (item, index) => Text(item, $"'features[{index}]'"))]
            : throw Wrong("'features'", value, "a list of VIEW.FEATURE or VIEW.*");

        private static string Text(JsonElement value, string what) =>
            value.ValueKind == JsonValueKind.String ? JsonValues.GetText(value, what) : throw Wrong(what, value, "a string");

        private static JsonElement Object(JsonElement value, string what) => value.ValueKind == JsonValueKind.Object ? value : throw Wrong(what, value, "an object");

        private static RestFailure Wrong(string what, JsonElement value, string expected) =>
            new(StatusCodes.Status400BadRequest, $"{what} is {JsonValues.Shorten(value)}; expected {expected}.");
    }
}
