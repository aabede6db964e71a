using System.Buffers;
using System.Text.Json;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>Requests and answers of the generate extension. Pure.</summary>
internal static class GenerateJson
{
    private const string Id = "id";

    /// <param name="root">The request: an object.</param>
    /// <param name="signature">Of the model: a property of an input's name is that input, any other is a parameter.</param>
    /// <param name="nested">Name of the property whose own properties are taken like those of the request.</param>
    /// <exception cref="TensorFormatException">A value makes no tensor of its input's shape, or no parameter.</exception>
    public static InferMessage Read(JsonElement root, ModelSignature signature, string nested)
    {
        var id = "";
        var inputs = new List<WireTensor>();
        var parameters = new Dictionary<string, InferParameter>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals(Id) && !IsInput(signature, Id))
            {
                id = property.Value.ValueKind == JsonValueKind.String ? Text(property.Value) : throw new TensorFormatException($"Unable to parse '{Id}': it is no string");
            }
            else if (property.NameEquals(nested) && property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var inner in property.Value.EnumerateObject())
                {
                    Add(inner);
                }
            }
            else
            {
                Add(property);
            }
        }

        return new InferMessage(id, RequestParameters.Read(parameters), inputs, []);

        void Add(JsonProperty property)
        {
            if (signature.Inputs.FirstOrDefault(input => property.NameEquals(input.Name)) is { } input)
            {
                inputs.Add(InferJsonReader.ReadTensor(input.Name, input.Dtype.ToName(), Shape(input, property.Value), property.Value));
            }
            else
            {
                parameters[property.Name] = JsonParameters.ReadValue(property.Name, property.Value);
            }
        }
    }

    /// <summary>Writes an output of one element as a value, any other as a flat array.</summary>
    /// <exception cref="TensorFormatException">A tensor has no JSON form.</exception>
    public static void Write(IBufferWriter<byte> buffer, string model, string version, string id, IReadOnlyList<AnsweredOutput> outputs)
    {
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        if (id.Length > 0)
        {
            writer.WriteString(Id, id);
        }

        writer.WriteString("model_name", model);
        writer.WriteString("model_version", version);
        foreach (var output in outputs)
        {
            writer.WritePropertyName(output.Tensor.Name);
            var isOne = output.Tensor.Shape.All(static size => size == 1);
            if (!isOne)
            {
                writer.WriteStartArray();
            }

            InferJsonWriter.WriteData(writer, output.Tensor);
            if (!isOne)
            {
                writer.WriteEndArray();
            }
        }

        writer.WriteEndObject();
    }

    private static bool IsInput(ModelSignature signature, string name) => signature.Inputs.Any(input => input.Name == name);

    /// <summary>Elements fill the fixed dimensions; what is left of them is the last open one, and the others are 1.</summary>
    private static long[] Shape(TensorSpec input, JsonElement value)
    {
        var left = value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 1L;
        var count = left;
        long[] shape = [.. input.Shape];
        foreach (var size in shape.Where(static size => size > 0))
        {
            left = left % size == 0 ? left / size : throw Wrong();
        }

        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (shape[axis] == -1)
            {
                (shape[axis], left) = (left, 1);
            }
        }

        return left == 1 ? shape : throw Wrong();

        TensorFormatException Wrong() =>
            new($"The schema can not convert input '{input.Name}' to tensor with proper shape: {count} elements do not fill [{string.Join(", ", input.Shape)}]");
    }

    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new TensorFormatException($"'{Id}' is not valid Unicode text.", exception);
        }
    }
}
