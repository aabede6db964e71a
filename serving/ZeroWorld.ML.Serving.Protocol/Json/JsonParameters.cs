using System.Text.Json;
using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Parameters in JSON as the values that gRPC has for them, so that both forms mean the same.</summary>
public static class JsonParameters
{
    /// <param name="element">An object.</param>
    /// <param name="path">Where it stands, for messages.</param>
    /// <exception cref="TensorFormatException">A value is no string, boolean or number.</exception>
    public static Dictionary<string, InferParameter> Read(JsonElement element, string path)
    {
        InferJsonReader.Expect(element, JsonValueKind.Object, $"'{path}'");
        var parameters = new Dictionary<string, InferParameter>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            parameters[property.Name] = ToParameter(property.Name, property.Value, path);
        }

        return parameters;
    }

    /// <exception cref="TensorFormatException">The value is no string, boolean or number.</exception>
    public static InferParameter ReadValue(string name, JsonElement value) => ToParameter(name, value, "the request");

    private static InferParameter ToParameter(string name, JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.String => new InferParameter { StringParam = JsonTensorData.GetText(value, $"'{path}.{name}'") },
        JsonValueKind.True => new InferParameter { BoolParam = true },
        JsonValueKind.False => new InferParameter { BoolParam = false },
        JsonValueKind.Number when value.TryGetInt64(out var number) => new InferParameter { Int64Param = number },
        JsonValueKind.Number when value.TryGetUInt64(out var number) => new InferParameter { Uint64Param = number },
        JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number) => new InferParameter { DoubleParam = number },
        _ => throw new TensorFormatException(
            $"parameter '{name}' has invalid type. It should be either 'int', 'bool', or 'string': '{path}.{name}' is {JsonTensorData.Shorten(value)}."),
    };
}
