using System.Text.Json;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Reads inference requests in the JSON form of the Open Inference Protocol.</summary>
/// <remarks>
/// Data is flat or nested as the shape says, row-major. NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity". FP16 and BF16 have no
/// JSON form. Unknown properties of the request, of an input and of an output are refused by name; <c>parameters</c> are accepted and not used, except for
/// those of the binary extension, which are refused.
/// </remarks>
public static class InferJsonReader
{
    /// <summary>Levels of arrays and objects that are read.</summary>
    public const int DepthMax = 100;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    /// <exception cref="TensorFormatException">The text is no JSON, or no request of the protocol.</exception>
    public static InferJsonRequest Read(ReadOnlyMemory<byte> json)
    {
        using var document = Parse(json);
        var root = document.RootElement;
        Expect(root, JsonValueKind.Object, "The request");
        var id = "";
        List<WireTensor>? inputs = null;
        var outputs = new List<string>();
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "id":
                    id = Text(property.Value, "id");
                    break;
                case "parameters":
                    CheckParameters(property.Value, "parameters");
                    break;
                case "inputs":
                    inputs = ReadInputs(property.Value);
                    break;
                case "outputs":
                    ReadOutputs(property.Value, outputs);
                    break;
                default:
                    throw Unknown(property.Name, "the request", "id, parameters, inputs, outputs");
            }
        }

        return new InferJsonRequest(id, inputs ?? throw new TensorFormatException("The request has no 'inputs'; expected an array of tensors."), outputs);
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException exception)
        {
            throw new TensorFormatException($"The body is not JSON: {exception.Message}", exception);
        }
    }

    private static List<WireTensor> ReadInputs(JsonElement array)
    {
        Expect(array, JsonValueKind.Array, "'inputs'");
        var tensors = new List<WireTensor>();
        foreach (var element in array.EnumerateArray())
        {
            var tensor = ReadInput(element, $"inputs[{tensors.Count}]");
            if (tensors.Exists(other => other.Name == tensor.Name))
            {
                throw new TensorFormatException($"Tensor '{tensor.Name}' is given twice; expected each name once.");
            }

            tensors.Add(tensor);
        }

        return tensors;
    }

    private static WireTensor ReadInput(JsonElement element, string path)
    {
        Expect(element, JsonValueKind.Object, $"'{path}'");
        string? name = null;
        string? datatype = null;
        long[]? shape = null;
        JsonElement? data = null;
        foreach (var property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "name":
                    name = Text(property.Value, $"{path}.name");
                    break;
                case "datatype":
                    datatype = Text(property.Value, $"{path}.datatype");
                    break;
                case "shape":
                    shape = Shape(property.Value, $"{path}.shape");
                    break;
                case "parameters":
                    CheckParameters(property.Value, $"{path}.parameters");
                    break;
                case "data":
                    data = property.Value;
                    break;
                default:
                    throw Unknown(property.Name, $"'{path}'", "name, shape, datatype, parameters, data");
            }
        }

        name = name ?? throw Missing(path, "name");
        datatype = datatype ?? throw Missing(path, "datatype");
        shape = shape ?? throw Missing(path, "shape");
        return JsonTensorData.Read(name, datatype, shape, data ?? throw Missing(path, "data"));
    }

    private static void ReadOutputs(JsonElement array, List<string> outputs)
    {
        Expect(array, JsonValueKind.Array, "'outputs'");
        foreach (var element in array.EnumerateArray())
        {
            var path = $"outputs[{outputs.Count}]";
            Expect(element, JsonValueKind.Object, $"'{path}'");
            string? name = null;
            foreach (var property in element.EnumerateObject())
            {
                switch (property.Name)
                {
                    case "name":
                        name = Text(property.Value, $"{path}.name");
                        break;
                    case "parameters":
                        CheckParameters(property.Value, $"{path}.parameters");
                        break;
                    default:
                        throw Unknown(property.Name, $"'{path}'", "name, parameters");
                }
            }

            outputs.Add(name ?? throw Missing(path, "name"));
        }
    }

    private static void CheckParameters(JsonElement element, string path)
    {
        Expect(element, JsonValueKind.Object, $"'{path}'");
        foreach (var property in element.EnumerateObject())
        {
            // Ignoring these would answer something other than what was asked.
            if (property.Name is "binary_data_size" or "classification"
                || (property.Name is "binary_data" or "binary_data_output" && property.Value.ValueKind != JsonValueKind.False)
                || property.Name.StartsWith("shared_memory", StringComparison.Ordinal))
            {
                throw new TensorFormatException($"'{path}.{property.Name}' is not supported here; expected tensors as JSON data.");
            }
        }
    }

    private static long[] Shape(JsonElement element, string path)
    {
        Expect(element, JsonValueKind.Array, $"'{path}'");
        var shape = new long[element.GetArrayLength()];
        for (var index = 0; index < shape.Length; index++)
        {
            if (element[index].ValueKind != JsonValueKind.Number || !element[index].TryGetInt64(out shape[index]))
            {
                throw new TensorFormatException($"'{path}[{index}]' is {JsonTensorData.Shorten(element[index])}; expected an integer.");
            }
        }

        return shape;
    }

    private static string Text(JsonElement element, string path)
    {
        Expect(element, JsonValueKind.String, $"'{path}'");
        return JsonTensorData.GetText(element, $"'{path}'");
    }

    private static void Expect(JsonElement element, JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind)
        {
            throw new TensorFormatException($"{what} is {JsonTensorData.Shorten(element)}; expected {Article(kind)}.");
        }
    }

    private static string Article(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => "a string",
    };

    private static TensorFormatException Missing(string path, string property) => new($"'{path}' has no '{property}'.");

    private static TensorFormatException Unknown(string property, string where, string known) =>
        new($"Unknown property '{property}' in {where}; expected one of {known}.");
}
