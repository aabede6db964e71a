using System.Text.Json;
using System.Text.Unicode;
using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Reads inference requests in the REST form of the Open Inference Protocol: JSON, and after it the tensors that are sent as bytes.</summary>
/// <remarks>
/// Data is flat or nested as the shape says, row-major. NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity", or the bare words that
/// Python writes. FP16 and BF16 have no JSON form: they are sent as bytes. Unknown properties of the request, of an input and of an output are refused by name.
/// </remarks>
public static class InferJsonReader
{
    /// <summary>Levels of arrays and objects that are read.</summary>
    public const int DepthMax = 100;

    private const string NoUnicode = "The body is not valid Unicode text.";

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    /// <param name="model">Name of the model, for messages.</param>
    /// <param name="json">The JSON.</param>
    /// <param name="binary">What follows it: the inputs with <c>binary_data_size</c>, in their order, and nothing else. Not copied: it must stay unchanged.</param>
    /// <param name="sharedMemory">Reads the inputs that lie in shared memory; <see langword="null"/> refuses them.</param>
    /// <exception cref="TensorFormatException">The text is no JSON, or no request of the protocol.</exception>
    public static InferMessage Read(string model, ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> binary = default, SharedMemoryReader? sharedMemory = null)
    {
        using var document = Parse(json);
        return Read(document.RootElement, new BinaryTensors(model, binary), sharedMemory);
    }

    /// <summary>Reads one tensor out of a value: an array, flat or nested, or one element alone.</summary>
    /// <exception cref="TensorFormatException">Another number of elements than the shape says, or a value that does not fit the datatype.</exception>
    public static WireTensor ReadTensor(string name, string datatype, long[] shape, JsonElement data)
    {
        if (data.ValueKind == JsonValueKind.Array)
        {
            return JsonTensorData.Read(name, datatype, shape, data);
        }

        using var alone = JsonDocument.Parse($"[{data.GetRawText()}]");
        return JsonTensorData.Read(name, datatype, shape, alone.RootElement);
    }

    private static InferMessage Read(JsonElement root, BinaryTensors binary, SharedMemoryReader? sharedMemory)
    {
        Expect(root, JsonValueKind.Object, "The request");
        var id = "";
        var parameters = RequestParameters.None;
        List<WireTensor>? inputs = null;
        var outputs = new List<RequestedOutput>();
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "id":
                    id = Text(property.Value, "id");
                    break;
                case "parameters":
                    parameters = ReadParameters(property.Value);
                    break;
                case "inputs":
                    inputs = ReadInputs(property.Value, binary, sharedMemory);
                    break;
                case "outputs":
                    ReadOutputs(property.Value, outputs);
                    break;
                case "model_name":
                    // KServe's client repeats it here. The path says which model it is, for every server of the protocol.
                    Text(property.Value, "model_name");
                    break;
                default:
                    throw Unknown(property.Name, "the request", "id, parameters, inputs, outputs");
            }
        }

        binary.CheckAllTaken();
        return new InferMessage(id, parameters, inputs ?? throw new TensorFormatException("The request has no 'inputs'; expected an array of tensors."), outputs);
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        // The parser takes any bytes inside of texts, and fails when one of them is asked for.
        if (!Utf8.IsValid(json.Span))
        {
            throw new TensorFormatException(NoUnicode);
        }

        try
        {
            return JsonDocument.Parse(JsonNonFinite.Quote(json), Options);
        }
        catch (JsonException exception)
        {
            // The parser has no other sign of it.
            throw new TensorFormatException(
                exception.Message.Contains("maximum configured depth", StringComparison.Ordinal)
                    ? $"JSON nesting depth exceeds maximum allowed limit ({DepthMax})"
                    : $"The body is not JSON: {exception.Message}",
                exception);
        }
        catch (InvalidOperationException exception)
        {
            // The check for names given twice reads them all: one of them holds half of a surrogate pair.
            throw new TensorFormatException(NoUnicode, exception);
        }
    }

    private static RequestParameters ReadParameters(JsonElement element)
    {
        var parameters = JsonParameters.Read(element, "parameters");
        return parameters.ContainsKey(RequestParameters.EmptyFinalResponse)
            ? throw new TensorFormatException($"parameter keys starting with 'triton_' are reserved for Triton usage: '{RequestParameters.EmptyFinalResponse}' belongs to streams, which REST does not have.")
            : RequestParameters.Read(parameters);
    }

    private static List<WireTensor> ReadInputs(JsonElement array, BinaryTensors binary, SharedMemoryReader? sharedMemory)
    {
        Expect(array, JsonValueKind.Array, "'inputs'");
        var tensors = new List<WireTensor>();
        foreach (var element in array.EnumerateArray())
        {
            tensors.Add(ReadInput(element, $"inputs[{tensors.Count}]", binary, sharedMemory));
        }

        return tensors;
    }

    private static WireTensor ReadInput(JsonElement element, string path, BinaryTensors binary, SharedMemoryReader? sharedMemory)
    {
        Expect(element, JsonValueKind.Object, $"'{path}'");
        string? name = null;
        string? datatype = null;
        long[]? shape = null;
        JsonElement? data = null;
        Dictionary<string, InferParameter>? parameters = null;
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
                    parameters = JsonParameters.Read(property.Value, $"{path}.parameters");
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
        var range = parameters is null ? null : TensorParameters.ReadSharedMemory(name, parameters);
        var binarySize = parameters is null ? null : TensorParameters.ReadBinarySize(name, parameters);
        if ((data is null ? 0 : 1) + (range is null ? 0 : 1) + (binarySize is null ? 0 : 1) is > 1)
        {
            throw new TensorFormatException($"Input '{name}' has its data in two places; expected one of 'data', 'binary_data_size' and 'shared_memory_region'.");
        }

        if (binarySize is { } size)
        {
            return new WireTensor(name, datatype, shape, binary.Take(name, size));
        }

        if (range is { } place)
        {
            return sharedMemory is null
                ? throw new TensorFormatException($"Input '{name}' lies in shared memory, which is not supported here.")
                : new WireTensor(name, datatype, shape, sharedMemory(name, place));
        }

        return JsonTensorData.Read(name, datatype, shape, data ?? throw Missing(path, "data"));
    }

    private static void ReadOutputs(JsonElement array, List<RequestedOutput> outputs)
    {
        Expect(array, JsonValueKind.Array, "'outputs'");
        foreach (var element in array.EnumerateArray())
        {
            var path = $"outputs[{outputs.Count}]";
            Expect(element, JsonValueKind.Object, $"'{path}'");
            string? name = null;
            Dictionary<string, InferParameter>? parameters = null;
            foreach (var property in element.EnumerateObject())
            {
                switch (property.Name)
                {
                    case "name":
                        name = Text(property.Value, $"{path}.name");
                        break;
                    case "parameters":
                        parameters = JsonParameters.Read(property.Value, $"{path}.parameters");
                        break;
                    default:
                        throw Unknown(property.Name, $"'{path}'", "name, parameters");
                }
            }

            name = name ?? throw Missing(path, "name");
            outputs.Add(parameters is null ? new RequestedOutput(name) : TensorParameters.ReadOutput(name, parameters));
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

    internal static void Expect(JsonElement element, JsonValueKind kind, string what)
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
