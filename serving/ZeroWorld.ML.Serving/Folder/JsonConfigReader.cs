using System.Collections.Frozen;
using System.Text.Json;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads a model configuration in the JSON form of protobuf, as callers send it with a load; it means what the same fields mean in a <c>config.pbtxt</c>.</summary>
internal static class JsonConfigReader
{
    private const int DepthMax = 32;

    // JSON has texts where protobuf has names of an enumeration, and may have them for numbers.
    private static readonly FrozenSet<string> Words = FrozenSet.Create(StringComparer.Ordinal, "data_type", "kind", "format", "timeout_action", "priority");

    private static readonly FrozenSet<string> Numbers = FrozenSet.Create(
        StringComparer.Ordinal,
        "max_batch_size", "num_versions", "versions", "dims", "preferred_batch_size", "max_queue_delay_microseconds", "count", "gpus", "level", "priority_levels", "default_priority_level", "shape", "batch_size", "model_version", "max_inflight_requests",
        "max_sequence_idle_microseconds", "max_candidate_sequences", "minimum_slot_utilization", "int32_false_true", "fp32_false_true");

    // map<string, ...>: an object whose properties are keys.
    private static readonly FrozenSet<string> Maps = FrozenSet.Create(StringComparer.Ordinal, "parameters", "metric_tags", "cc_model_filenames", "inputs", "input_map", "output_map", "priority_queue_policy");

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    /// <exception cref="ModelConfigException">The text is no JSON, or the first field that is wrong. Its place is 1:1: a text in a call has no lines that anybody sees.</exception>
    public static FolderModelConfig Read(string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Options);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter two: half of a surrogate pair in a name, or in the text.
            throw new ModelConfigException(1, 1, $"the configuration is not JSON: {exception.Message}");
        }

        using (document)
        {
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? PbConfigReader.Read(Fields(document.RootElement))
                : throw new ModelConfigException(1, 1, "the configuration is no JSON object");
        }
    }

    private static List<ConfigNode> Fields(JsonElement message)
    {
        var fields = new List<ConfigNode>();
        foreach (var property in message.EnumerateObject())
        {
            var name = ToSnakeCase(property.Name);
            if (Maps.Contains(name) && property.Value.ValueKind == JsonValueKind.Object)
            {
                fields.AddRange(property.Value.EnumerateObject().Select(entry => Message(name, [Scalar("key", name == "priority_queue_policy" ? ConfigKind.Number : ConfigKind.Text, entry.Name), ToNode("value", entry.Value)])));
            }
            else if (property.Value.ValueKind == JsonValueKind.Array)
            {
                fields.AddRange(property.Value.EnumerateArray().Select(item => ToNode(name, item)));
            }
            else if (property.Value.ValueKind != JsonValueKind.Null)
            {
                fields.Add(ToNode(name, property.Value));
            }
        }

        return fields;
    }

    private static ConfigNode ToNode(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => Message(name, Fields(value)),
        JsonValueKind.True => Scalar(name, ConfigKind.Word, "true"),
        JsonValueKind.False => Scalar(name, ConfigKind.Word, "false"),
        JsonValueKind.Number => Scalar(name, ConfigKind.Number, value.GetRawText()),
        JsonValueKind.String => Scalar(name, Words.Contains(name) ? ConfigKind.Word : Numbers.Contains(name) ? ConfigKind.Number : ConfigKind.Text, Text(name, value)),
        _ => throw new ModelConfigException(1, 1, $"'{name}' is {value.ValueKind.ToString().ToLowerInvariant()} inside a list"),
    };

    private static ConfigNode Scalar(string name, ConfigKind kind, string text) => new(name, kind, text, [], 1, 1);

    private static ConfigNode Message(string name, IReadOnlyList<ConfigNode> fields) => new(name, ConfigKind.Message, "", fields, 1, 1);

    private static string Text(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ModelConfigException(1, 1, $"'{name}' is no valid Unicode text");
        }
    }

    /// <summary>JSON of protobuf may have either form of a name.</summary>
    private static string ToSnakeCase(string name) => string.Concat(name.Select(static letter => char.IsAsciiLetterUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
