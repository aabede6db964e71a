using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>The <c>data</c> of a tensor in JSON.</summary>
internal static class JsonTensorData
{
    public static WireTensor Read(string name, string datatype, long[] shape, JsonElement data)
    {
        var elements = TensorShape.CountElements(name, datatype, shape, out _);
        if (data.ValueKind != JsonValueKind.Array)
        {
            throw new TensorFormatException($"Tensor '{name}' has data {Shorten(data)}; expected an array.");
        }

        var leaves = new List<JsonElement>();
        if (data.GetArrayLength() > 0 && data[0].ValueKind == JsonValueKind.Array)
        {
            Flatten(name, shape, 0, data, leaves);
        }
        else
        {
            leaves.AddRange(data.EnumerateArray());
        }

        if (leaves.Count != elements)
        {
            throw new TensorFormatException(
                $"Tensor '{name}' of {datatype} {TensorShape.Text(shape)} has {leaves.Count} elements; expected {elements}.");
        }

        return new WireTensor(name, datatype, shape, Convert(name, datatype, leaves));
    }

    /// <summary>The JSON text of a value for a message, cut where it is long.</summary>
    public static string Shorten(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => element.GetRawText() is { Length: > 60 } text ? $"{text[..60]}..." : element.GetRawText(),
    };

    /// <exception cref="TensorFormatException">An escaped surrogate without its other half, or bytes that are no UTF-8.</exception>
    public static string GetText(JsonElement element, string what)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new TensorFormatException($"{what} is not valid Unicode text.", exception);
        }
    }

    private static void Flatten(string name, long[] shape, int dimension, JsonElement element, List<JsonElement> leaves)
    {
        if (dimension == shape.Length)
        {
            leaves.Add(element);
            return;
        }

        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() != shape[dimension])
        {
            var found = element.ValueKind == JsonValueKind.Array ? $"{element.GetArrayLength()} elements" : Shorten(element);
            throw new TensorFormatException(
                $"Nested data of tensor '{name}' has {found} at dimension {dimension}; expected an array of {shape[dimension]} as its shape {TensorShape.Text(shape)} says.");
        }

        foreach (var child in element.EnumerateArray())
        {
            Flatten(name, shape, dimension + 1, child, leaves);
        }
    }

    private static ReadOnlyMemory<byte> Convert(string name, string datatype, List<JsonElement> leaves) => datatype switch
    {
        TensorDatatype.Bool => Bools(name, leaves),
        TensorDatatype.Int8 => Integers<sbyte>(name, datatype, leaves),
        TensorDatatype.Int16 => Integers<short>(name, datatype, leaves),
        TensorDatatype.Int32 => Integers<int>(name, datatype, leaves),
        TensorDatatype.Int64 => Integers<long>(name, datatype, leaves),
        TensorDatatype.UInt8 => Integers<byte>(name, datatype, leaves),
        TensorDatatype.UInt16 => Integers<ushort>(name, datatype, leaves),
        TensorDatatype.UInt32 => Integers<uint>(name, datatype, leaves),
        TensorDatatype.UInt64 => Integers<ulong>(name, datatype, leaves),
        TensorDatatype.Float32 => Floats<float>(name, datatype, leaves),
        TensorDatatype.Float64 => Floats<double>(name, datatype, leaves),
        TensorDatatype.Bytes => Texts(name, leaves),
        _ => throw new TensorFormatException($"Tensor '{name}' has datatype {datatype}, which has no JSON form; send it over gRPC."),
    };

    private static byte[] Bools(string name, List<JsonElement> leaves)
    {
        var raw = new byte[leaves.Count];
        for (var index = 0; index < raw.Length; index++)
        {
            raw[index] = leaves[index].ValueKind switch
            {
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                _ => throw Wrong(name, TensorDatatype.Bool, index, leaves[index], "true or false"),
            };
        }

        return raw;
    }

    private static byte[] Integers<T>(string name, string datatype, List<JsonElement> leaves)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var raw = new byte[leaves.Count * Unsafe.SizeOf<T>()];
        var target = MemoryMarshal.Cast<byte, T>(raw.AsSpan());
        for (var index = 0; index < target.Length; index++)
        {
            if (leaves[index].ValueKind != JsonValueKind.Number
                || !T.TryParse(leaves[index].GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out target[index]))
            {
                throw Wrong(name, datatype, index, leaves[index], $"an integer from {T.MinValue} to {T.MaxValue}");
            }
        }

        return raw;
    }

    private static byte[] Floats<T>(string name, string datatype, List<JsonElement> leaves)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var raw = new byte[leaves.Count * Unsafe.SizeOf<T>()];
        var target = MemoryMarshal.Cast<byte, T>(raw.AsSpan());
        for (var index = 0; index < target.Length; index++)
        {
            target[index] = Float<T>(name, datatype, index, leaves[index]);
        }

        return raw;
    }

    private static T Float<T>(string name, string datatype, int index, JsonElement leaf)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (leaf.ValueKind == JsonValueKind.String)
        {
            return GetText(leaf, $"Element {index} of tensor '{name}'") switch
            {
                "NaN" => T.NaN,
                "Infinity" => T.PositiveInfinity,
                "-Infinity" => T.NegativeInfinity,
                _ => throw Wrong(name, datatype, index, leaf, "a number, \"NaN\", \"Infinity\" or \"-Infinity\""),
            };
        }

        if (leaf.ValueKind != JsonValueKind.Number)
        {
            throw Wrong(name, datatype, index, leaf, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
        }

        // A number too great for the type would silently become infinite.
        var value = T.Parse(leaf.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture);
        return T.IsFinite(value) ? value : throw Wrong(name, datatype, index, leaf, $"a number that {datatype} can hold");
    }

    private static byte[] Texts(string name, List<JsonElement> leaves)
    {
        using var stream = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(uint)];
        for (var index = 0; index < leaves.Count; index++)
        {
            if (leaves[index].ValueKind != JsonValueKind.String)
            {
                throw Wrong(name, TensorDatatype.Bytes, index, leaves[index], "a string");
            }

            var text = Encoding.UTF8.GetBytes(GetText(leaves[index], $"Element {index} of tensor '{name}'"));
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
            stream.Write(length);
            stream.Write(text);
        }

        return stream.ToArray();
    }

    private static TensorFormatException Wrong(string name, string datatype, int index, JsonElement leaf, string expected) =>
        new($"Tensor '{name}' of {datatype} holds {Shorten(leaf)} at element {index}; expected {expected}.");
}
