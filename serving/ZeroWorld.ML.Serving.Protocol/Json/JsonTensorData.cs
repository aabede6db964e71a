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
    /// <exception cref="TensorFormatException">Another number of elements than the shape says, or a value that does not fit the datatype.</exception>
    public static WireTensor Read(string name, string datatype, long[] shape, JsonElement data)
    {
        CheckSize(name, datatype, shape);
        var elements = TensorShape.CountElements(name, datatype, shape, out _);
        if (data.ValueKind != JsonValueKind.Array)
        {
            throw new TensorFormatException($"Tensor '{name}' has data {Shorten(data)}; expected an array.");
        }

        var leaves = new Leaves(name, datatype, shape, elements, data);
        return new WireTensor(name, datatype, shape, Convert(name, datatype, leaves));
    }

    /// <summary>Shapes whose product overflows, in the words that clients of the protocol know.</summary>
    private static void CheckSize(string name, string datatype, long[] shape)
    {
        Int128 elements = 1;
        foreach (var size in shape)
        {
            elements *= Math.Max(size, 1);
            if (elements > long.MaxValue)
            {
                throw new TensorFormatException(
                    $"invalid shape for input '{name}': shape [{string.Join(',', shape)}] causes total element count to exceed maximum size of {long.MaxValue}");
            }
        }

        if (TensorDatatype.TryGetWidth(datatype, out var width) && elements * width > Array.MaxLength)
        {
            throw new TensorFormatException(
                $"byte size overflow for input '{name}': element count ({elements}) * data type size ({width}) exceeds maximum allowed size ({Array.MaxLength})");
        }
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

    private static ReadOnlyMemory<byte> Convert(string name, string datatype, Leaves leaves) => datatype switch
    {
        TensorDatatype.Bool => Read(leaves, sizeof(bool), static (leaf, target, leaves, index) => target[index] = leaf.ValueKind switch
        {
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => throw leaves.Wrong(index, leaf, "true or false"),
        }),
        TensorDatatype.Int8 => Integers<sbyte>(leaves),
        TensorDatatype.Int16 => Integers<short>(leaves),
        TensorDatatype.Int32 => Integers<int>(leaves),
        TensorDatatype.Int64 => Integers<long>(leaves),
        TensorDatatype.UInt8 => Integers<byte>(leaves),
        TensorDatatype.UInt16 => Integers<ushort>(leaves),
        TensorDatatype.UInt32 => Integers<uint>(leaves),
        TensorDatatype.UInt64 => Integers<ulong>(leaves),
        TensorDatatype.Float32 => Floats<float>(leaves),
        TensorDatatype.Float64 => Floats<double>(leaves),
        TensorDatatype.Bytes => Texts(leaves),
        _ => throw new TensorFormatException($"receiving {datatype} data via JSON is not supported. Please use the binary data format for input {name}"),
    };

    private static byte[] Read(Leaves leaves, int width, ReadLeaf read)
    {
        var raw = new byte[leaves.Count * width];
        leaves.Visit((leaf, index) => read(leaf, raw, leaves, index));
        return raw;
    }

    private static byte[] Integers<T>(Leaves leaves)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        Read(leaves, Unsafe.SizeOf<T>(), static (leaf, target, leaves, index) =>
        {
            if (leaf.ValueKind != JsonValueKind.Number
                || !T.TryParse(JsonMarshal.GetRawUtf8Value(leaf), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            {
                throw leaves.Wrong(index, leaf, $"an integer from {T.MinValue} to {T.MaxValue}");
            }

            MemoryMarshal.Cast<byte, T>(target.AsSpan())[index] = value;
        });

    private static byte[] Floats<T>(Leaves leaves)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        Read(leaves, Unsafe.SizeOf<T>(), static (leaf, target, leaves, index) => MemoryMarshal.Cast<byte, T>(target.AsSpan())[index] = Float<T>(leaves, index, leaf));

    private static T Float<T>(Leaves leaves, int index, JsonElement leaf)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        const string Expected = "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
        if (leaf.ValueKind == JsonValueKind.String)
        {
            return leaves.GetText(index, leaf) switch
            {
                "NaN" => T.NaN,
                "Infinity" => T.PositiveInfinity,
                "-Infinity" => T.NegativeInfinity,
                _ => throw leaves.Wrong(index, leaf, Expected),
            };
        }

        if (leaf.ValueKind != JsonValueKind.Number)
        {
            throw leaves.Wrong(index, leaf, Expected);
        }

        // A number too great for the type would silently become infinite.
        var value = T.Parse(JsonMarshal.GetRawUtf8Value(leaf), NumberStyles.Float, CultureInfo.InvariantCulture);
        return T.IsFinite(value) ? value : throw leaves.Wrong(index, leaf, $"a number that {leaves.Datatype} can hold");
    }

    private static byte[] Texts(Leaves leaves)
    {
        using var stream = new MemoryStream();
        var length = new byte[sizeof(uint)];
        leaves.Visit((leaf, index) =>
        {
            if (leaf.ValueKind != JsonValueKind.String)
            {
                throw leaves.Wrong(index, leaf, "a string");
            }

            var text = Encoding.UTF8.GetBytes(leaves.GetText(index, leaf));
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
            stream.Write(length);
            stream.Write(text);
        });
        return stream.ToArray();
    }

    private delegate void ReadLeaf(JsonElement leaf, byte[] target, Leaves leaves, int index);

    /// <summary>The elements of flat or nested data, visited in row-major order once their number is known to be right.</summary>
    private sealed class Leaves
    {
        private readonly string _name;
        private readonly long[] _shape;
        private readonly JsonElement _data;
        private readonly bool _isNested;
        private int _visited;

        public Leaves(string name, string datatype, long[] shape, int count, JsonElement data)
        {
            _name = name;
            Datatype = datatype;
            _shape = shape;
            _data = data = Unwrap(data, shape.Length);
            Count = count;
            _isNested = IsNested(data);
            if (!_isNested && data.GetArrayLength() != count)
            {
                throw new TensorFormatException(
                    $"Tensor '{name}' of {datatype} {TensorShape.Text(shape)} has {data.GetArrayLength()} elements; expected {count}.");
            }

            // Nothing is allocated for elements that are not there.
            if (_isNested)
            {
                Check(data, 0);
            }
        }

        public string Datatype { get; }

        public int Count { get; }

        public void Visit(Action<JsonElement, int> visit) => Visit(_data, _isNested ? 0 : _shape.Length - 1, visit);

        public string GetText(int index, JsonElement leaf) => JsonTensorData.GetText(leaf, $"Element {index} of tensor '{_name}'");

        public TensorFormatException Wrong(int index, JsonElement leaf, string expected) =>
            new($"Tensor '{_name}' of {Datatype} holds {Shorten(leaf)} at element {index}; expected {expected}.");

        private static bool IsNested(JsonElement array) => array.GetArrayLength() > 0 && array[0].ValueKind == JsonValueKind.Array;

        /// <summary>Without the arrays of one array that clients put around data: what is left is as deep as the shape, or not nested.</summary>
        private static JsonElement Unwrap(JsonElement data, int rank)
        {
            var depth = 1;
            for (var inner = data; IsNested(inner); inner = inner[0])
            {
                depth++;
            }

            for (; depth > Math.Max(rank, 1) && data.GetArrayLength() == 1 && IsNested(data); depth--)
            {
                data = data[0];
            }

            return data;
        }

        private void Visit(JsonElement array, int dimension, Action<JsonElement, int> visit)
        {
            foreach (var child in array.EnumerateArray())
            {
                if (dimension < _shape.Length - 1)
                {
                    Visit(child, dimension + 1, visit);
                }
                else
                {
                    visit(child, _visited++);
                }
            }
        }

        private void Check(JsonElement element, int dimension)
        {
            if (element.ValueKind != JsonValueKind.Array || dimension >= _shape.Length || element.GetArrayLength() != _shape[dimension])
            {
                var found = element.ValueKind == JsonValueKind.Array ? $"{element.GetArrayLength()} elements" : Shorten(element);
                throw new TensorFormatException(dimension >= _shape.Length
                    ? $"Nested data of tensor '{_name}' is deeper than its shape {TensorShape.Text(_shape)}."
                    : $"Nested data of tensor '{_name}' has {found} at dimension {dimension}; expected an array of {_shape[dimension]} as its shape {TensorShape.Text(_shape)} says.");
            }

            if (dimension < _shape.Length - 1)
            {
                foreach (var child in element.EnumerateArray())
                {
                    Check(child, dimension + 1);
                }
            }
        }
    }
}
