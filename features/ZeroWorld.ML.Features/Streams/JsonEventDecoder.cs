using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Features;

/// <summary>Reads the columns of a stream from JSON objects in UTF-8. Pure; one instance may serve any number of threads.</summary>
/// <remarks>
/// A property that is absent or null is a null; properties that no column names are skipped. int64: an integer; float64 and float32: a number, or one of the
/// texts NaN, Infinity, -Infinity; bool; string; bytes: base64; timestamp: RFC 3339 with a zone, or a whole number in the column's unit.
/// </remarks>
internal sealed class JsonEventDecoder
{
    /// <summary>Bytes of the largest event that is read.</summary>
    public const int EventBytesMax = 1 << 20;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    private readonly StreamColumn[] _columns;
    private readonly byte[][] _fields;
    private readonly int[][] _readers;

    public JsonEventDecoder(IReadOnlyList<StreamColumn> columns)
    {
        _columns = [.. columns];

        // Several columns may read one property, as other types.
        var fields = _columns.Index().GroupBy(static item => item.Item.Field, StringComparer.Ordinal).ToList();
        _fields = [.. fields.Select(static field => Encoding.UTF8.GetBytes(field.Key))];
        _readers = [.. fields.Select(static field => field.Select(static item => item.Index).ToArray())];
    }

    /// <summary>Reads one event.</summary>
    /// <param name="json">The event.</param>
    /// <param name="values">One per column.</param>
    /// <returns>Why it is no such event, or <see langword="null"/>; then the values are complete.</returns>
    public string? Decode(ReadOnlySpan<byte> json, Span<FeatureValue> values)
    {
        for (var index = 0; index < _columns.Length; index++)
        {
            values[index] = default;
        }

        if (json.Length > EventBytesMax)
        {
            return $"The event has {json.Length} bytes; expected at most {EventBytesMax}.";
        }

        string? fault;
        try
        {
            fault = ReadObject(json, values);
        }
        catch (JsonException exception)
        {
            return $"The event is no JSON: line {exception.LineNumber}, byte {exception.BytePositionInLine}; expected one JSON object in UTF-8.";
        }

        for (var index = 0; index < _columns.Length; index++)
        {
            if (values[index].Type == default)
            {
                values[index] = FeatureValue.Null(_columns[index].Type);
            }
        }

        return fault;
    }

    private string? ReadObject(ReadOnlySpan<byte> json, Span<FeatureValue> values)
    {
        var reader = new Utf8JsonReader(json, Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return $"The event is {KindOf(reader.TokenType)}; expected a JSON object.";
        }

        // Producers write their properties in one order: the next field is tried first.
        var next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Find(ref reader, next);
            reader.Read();
            if (field >= 0)
            {
                next = field + 1;
                foreach (var column in _readers[field])
                {
                    if (values[column].Type != default)
                    {
                        return $"The property '{_columns[column].Field}' is given twice; expected it once.";
                    }

                    if (!TryRead(ref reader, _columns[column], out values[column]))
                    {
                        return $"{_columns[column].Field} is {Describe(ref reader)}; expected {Expected(_columns[column])}.";
                    }
                }
            }

            reader.Skip();
        }

        // What follows the object is a fault of its own: the reader throws.
        reader.Read();
        return null;
    }

    /// <returns>Index of the field that a property has the name of; -1: none.</returns>
    private int Find(ref Utf8JsonReader reader, int next)
    {
        for (var step = 0; step < _fields.Length; step++)
        {
            var field = (next + step) % _fields.Length;
            if (reader.ValueTextEquals(_fields[field]))
            {
                return field;
            }
        }

        return -1;
    }

    private static bool TryRead(ref Utf8JsonReader reader, StreamColumn column, out FeatureValue value)
    {
        value = FeatureValue.Null(column.Type);
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        FeatureValue? read = (column.Type, reader.TokenType) switch
        {
            (FeatureType.Bool, JsonTokenType.True) => FeatureValue.FromBool(true),
            (FeatureType.Bool, JsonTokenType.False) => FeatureValue.FromBool(false),
            (FeatureType.Int64, JsonTokenType.Number) => reader.TryGetInt64(out var integer) ? FeatureValue.FromInt64(integer) : null,
            (FeatureType.Float64, JsonTokenType.Number) => reader.TryGetDouble(out var number) && double.IsFinite(number) ? FeatureValue.FromFloat64(number) : null,
            (FeatureType.Float32, JsonTokenType.Number) => reader.TryGetSingle(out var single) && float.IsFinite(single) ? FeatureValue.FromFloat32(single) : null,
            (FeatureType.Float64, JsonTokenType.String) => NonFinite(ref reader) is { } special ? FeatureValue.FromFloat64(special) : null,
            (FeatureType.Float32, JsonTokenType.String) => NonFinite(ref reader) is { } special ? FeatureValue.FromFloat32((float)special) : null,
            (FeatureType.String, JsonTokenType.String) => ReadText(ref reader),
            (FeatureType.Bytes, JsonTokenType.String) => reader.TryGetBytesFromBase64(out var bytes) ? FeatureValue.FromBytes(bytes) : null,
            (FeatureType.Timestamp, JsonTokenType.String) => ReadText(ref reader) is { } text && UnixMicroseconds.TryParse(text.AsString(), out var time) ? FeatureValue.FromTimestamp(time) : null,
            (FeatureType.Timestamp, JsonTokenType.Number) => ReadTime(ref reader, column),
            (FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList, JsonTokenType.StartArray) => ReadList(ref reader, column.Type),
            _ => null,
        };
        value = read ?? value;
        return read is not null;
    }

    private static FeatureValue? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return FeatureValue.FromString(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or bytes that are no UTF-8.
            return null;
        }
    }

    // Several columns may read one property: each reads a copy from its start.
    private static FeatureValue? ReadList(ref Utf8JsonReader reader, FeatureType type)
    {
        var copy = reader;
        return FeatureListJson.TryRead(ref copy, type, out var list) ? list : null;
    }

    private static double? NonFinite(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("NaN"u8) ? double.NaN
        : reader.ValueTextEquals("Infinity"u8) ? double.PositiveInfinity
        : reader.ValueTextEquals("-Infinity"u8) ? double.NegativeInfinity
        : null;

    private static FeatureValue? ReadTime(ref Utf8JsonReader reader, StreamColumn column)
    {
        if (!reader.TryGetInt64(out var number))
        {
            return null;
        }

        if (column.IsNanoseconds)
        {
            var (quotient, remainder) = Math.DivRem(number, 1000);
            return FeatureValue.FromTimestamp(remainder < 0 ? quotient - 1 : quotient);
        }

        // A table with any other time would be refused whole: the archive must hold none.
        var (least, most) = (UnixMicroseconds.TimeMin / column.UnitMicroseconds, UnixMicroseconds.TimeMax / column.UnitMicroseconds);
        return number < least || number > most ? null : FeatureValue.FromTimestamp(number * column.UnitMicroseconds);
    }

    private static string Expected(StreamColumn column) => column.Type switch
    {
        FeatureType.Bool => "true or false",
        FeatureType.Int64 => "an integer of 64 bits",
        FeatureType.Float32 or FeatureType.Float64 => $"a finite {FeatureTypeNames.Of(column.Type)} number, or the text NaN, Infinity or -Infinity",
        FeatureType.String => "a text",
        FeatureType.Bytes => "a text of base64",
        FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => FeatureListJson.Expected(column.Type),
        _ => $"{UnixMicroseconds.ExpectedTime}, as 2018-08-08T12:00:00Z or a whole number in the declared unit",
    };

    private static string Describe(ref Utf8JsonReader reader) => reader.TokenType is JsonTokenType.String or JsonTokenType.Number
        ? $"'{YamlScalar.Shorten(Encoding.UTF8.GetString(reader.ValueSpan))}'"
        : KindOf(reader.TokenType);

    private static string KindOf(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.True or JsonTokenType.False => "a bool",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "empty",
    };
}
