using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>Messages of the platform's protocol as bodies of REST, with the names of their fields in the .proto files.</summary>
internal static class RestMessage
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false).WithRecursionLimit(16));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true));

    /// <param name="needed">A field that has to be there, which the message itself cannot tell from an empty one; <see langword="null"/>: none.</param>
    /// <exception cref="RestFailure">400: the body is no such message, or lacks the field; 413, 415 as <see cref="RestBody.ReadAsync(HttpContext, int)"/>.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, int bytesMax, string? needed = null)
        where T : IMessage, new()
    {
        // Read once as JSON, for the same refusals as elsewhere; then as the message.
        using var document = await RestBody.ReadObjectAsync(context, bytesMax).ConfigureAwait(false);
        var message = new T();
        if (FindNoText(message, document.RootElement) is { } field)
        {
            throw new RestFailure(StatusCodes.Status400BadRequest, $"{field.Name}: it is a JSON {field.Value.ValueKind}; expected a text.");
        }

        try
        {
            message = Parser.Parse<T>(document.RootElement.GetRawText());
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new RestFailure(StatusCodes.Status400BadRequest, $"The body is no {typeof(T).Name}: {exception.Message}");
        }

        return needed is null || (document.RootElement.TryGetProperty(needed, out var value) && value.ValueKind != JsonValueKind.Null)
            ? message
            : throw new RestFailure(StatusCodes.Status400BadRequest, $"{needed}: it is absent or null; expected a value, which may be empty.");
    }

    // The parser says which kinds do not fit, and not of which field.
    private static JsonProperty? FindNoText(IMessage message, JsonElement root)
    {
        foreach (var property in root.EnumerateObject())
        {
            var field = message.Descriptor.Fields.InDeclarationOrder().FirstOrDefault(field => field.Name == property.Name || field.JsonName == property.Name);
            if (field is { FieldType: FieldType.String, IsRepeated: false } && property.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            {
                return property;
            }
        }

        return null;
    }

    public static byte[] Format(IMessage message) => Encoding.UTF8.GetBytes(Formatter.Format(message));
}
