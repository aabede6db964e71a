using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>What an editor does with a JSON schema, of the keywords that the schema of definitions uses; any other one fails the test.</summary>
internal sealed class JsonSchemaCheck(JsonElement root)
{
    /// <summary>Whether the schema takes the value.</summary>
    public bool Takes(YamlNode node) => Takes(root, node);

    private bool Takes(JsonElement schema, YamlNode node) => schema.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => schema.EnumerateObject().All(keyword => Holds(schema, keyword.Name, keyword.Value, node)),
    };

    private bool Holds(JsonElement schema, string keyword, JsonElement value, YamlNode node) => keyword switch
    {
        "$schema" or "title" or "description" or "$defs" or "then" or "else" => true,
        "$ref" => Takes(root.GetProperty("$defs").GetProperty(value.GetString()!["#/$defs/".Length..]), node),
        "type" => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Any(type => IsOf(type.GetString()!, node)) : IsOf(value.GetString()!, node),
        "enum" => value.EnumerateArray().Any(choice => IsEqual(choice, node)),
        "const" => IsEqual(value, node),
        "pattern" => Text(node) is not { } text || Regex.IsMatch(text, value.GetString()!, RegexOptions.None, TimeSpan.FromSeconds(1)),
        "minLength" => Text(node) is not { } text || text.Length >= value.GetInt32(),
        "maxLength" => Text(node) is not { } text || text.Length <= value.GetInt32(),
        "minimum" => Number(node) is not { } number || number >= value.GetDouble(),
        "maximum" => Number(node) is not { } number || number <= value.GetDouble(),
        "minItems" => node is not YamlList list || list.Items.Count >= value.GetInt32(),
        "maxItems" => node is not YamlList list || list.Items.Count <= value.GetInt32(),
        "uniqueItems" => node is not YamlList list || list.Items.Select(Text).Distinct().Count() == list.Items.Count,
        "not" => !Takes(value, node),
        "propertyNames" => node is not YamlMap map || map.Entries.All(entry => Takes(value, entry.Key)),
        "items" => node is not YamlList list || list.Items.All(item => Takes(value, item)),
        "minProperties" => node is not YamlMap map || map.Entries.Count >= value.GetInt32(),
        "required" => node is not YamlMap map || value.EnumerateArray().All(name => map.Entries.Any(entry => entry.Key.Value == name.GetString())),
        "properties" => node is not YamlMap map || map.Entries.All(entry => !value.TryGetProperty(entry.Key.Value, out var property) || Takes(property, entry.Value)),
        "additionalProperties" => node is not YamlMap map || map.Entries.All(entry => IsListed(schema, entry.Key.Value) || Takes(value, entry.Value)),
        "allOf" => value.EnumerateArray().All(item => Takes(item, node)),
        "if" => !schema.TryGetProperty(Takes(value, node) ? "then" : "else", out var branch) || Takes(branch, node),
        _ => throw new NotSupportedException($"The keyword '{keyword}' is not known here."),
    };

    private static bool IsListed(JsonElement schema, string name) => schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out _);

    private static bool IsOf(string type, YamlNode node) => (type, node) switch
    {
        ("object", YamlMap) or ("array", YamlList) => true,
        ("string", YamlScalar { ScalarKind: YamlScalarKind.Text }) => true,
        ("boolean", YamlScalar { ScalarKind: YamlScalarKind.Bool }) => true,
        ("integer", YamlScalar { ScalarKind: YamlScalarKind.Integer }) => true,
        ("number", YamlScalar { ScalarKind: YamlScalarKind.Integer or YamlScalarKind.Number }) => true,
        _ => false,
    };

    private static bool IsEqual(JsonElement value, YamlNode node) =>
        value.ValueKind == JsonValueKind.String ? Text(node) == value.GetString() : Number(node) == value.GetDouble();

    private static string? Text(YamlNode node) => node is YamlScalar { ScalarKind: YamlScalarKind.Text, Value: var text } ? text : null;

    private static double? Number(YamlNode node) =>
        node is YamlScalar { ScalarKind: YamlScalarKind.Integer or YamlScalarKind.Number, Value: var text } ? double.Parse(text, CultureInfo.InvariantCulture) : null;
}
