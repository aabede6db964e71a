using System.Runtime.InteropServices;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>JSON values as columns, by declared type.</summary>
/// <remarks>A timestamp is an RFC 3339 text with a zone, or microseconds since the epoch; bytes are base64; a number is never a text, nor the other way round.</remarks>
internal static class JsonValues
{
    /// <param name="name">Name of the column.</param>
    /// <param name="path">What messages call it.</param>
    /// <param name="value">A scalar, or an array of scalars.</param>
    /// <param name="declared">The declared type; <see langword="null"/> when nobody declares the column: then the JSON decides, and the engine refuses the name.</param>
    public static RequestColumn ReadColumn(string name, string path, JsonElement value, FeatureType? declared)
    {
        if (declared is FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList)
        {
            return ReadLists(name, path, value, declared.Value);
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            var type = declared ?? Guess(value);
            return new RequestColumn(name, type, new[] { Read(path, value, type) });
        }

        var count = value.GetArrayLength();
        var columnType = declared ?? (count == 0 ? FeatureType.String : Guess(value[0]));
        var values = new FeatureValue[count];
        var index = 0;
        foreach (var element in value.EnumerateArray())
        {
            values[index] = Read($"{path}[{index}]", element, columnType);
            index++;
        }

        return new RequestColumn(name, columnType, values);
    }

    /// <summary>An array of arrays (or nulls) is one list per row; any other array is the one list of all rows.</summary>
    private static RequestColumn ReadLists(string name, string path, JsonElement value, FeatureType type)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0 || value[0].ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
        {
            return new RequestColumn(name, type, new[] { ReadList(path, value, type) });
        }

        var lists = new FeatureValue[value.GetArrayLength()];
        var index = 0;
        foreach (var element in value.EnumerateArray())
        {
            lists[index] = ReadList($"{path}[{index}]", element, type);
            index++;
        }

        return new RequestColumn(name, type, lists);
    }

    private static FeatureValue ReadList(string path, JsonElement value, FeatureType type)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return FeatureValue.Null(type);
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new ServingException(ServingError.InvalidInput, $"'{path}' is {Shorten(value)}; expected {FeatureListJson.Expected(type)}, or an array of such arrays.");
        }

        if (FeatureListJson.TryRead(JsonMarshal.GetRawUtf8Value(value), type, out var list))
        {
            return list;
        }

        // Slowly, to say which one.
        var index = 0;
        foreach (var element in value.EnumerateArray())
        {
            if (!FeatureListJson.TryRead(System.Text.Encoding.UTF8.GetBytes($"[{element.GetRawText()}]"), type, out _))
            {
                throw new ServingException(ServingError.InvalidInput, $"'{path}[{index}]' is {Shorten(element)}; expected {FeatureListJson.Expected(type)}.");
            }

            index++;
        }

        throw new ServingException(ServingError.InvalidInput, $"'{path}' is no list; expected {FeatureListJson.Expected(type)}.");
    }

    /// <summary>The JSON text of a value for a message, cut where it is long.</summary>
    public static string Shorten(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => element.GetRawText() is { Length: > 60 } text ? $"{text[..60]}..." : element.GetRawText(),
    };

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: half of a surrogate pair.</exception>
    public static string GetText(JsonElement element, string what)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new ServingException(ServingError.InvalidInput, $"{what} is not valid Unicode text.", exception);
        }
    }

    private static FeatureType Guess(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => FeatureType.Bool,
        JsonValueKind.Number => value.TryGetInt64(out _) ? FeatureType.Int64 : FeatureType.Float64,
        _ => FeatureType.String,
    };

    private static FeatureValue Read(string path, JsonElement value, FeatureType type)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return FeatureValue.Null(type);
        }

        return type switch
        {
            FeatureType.Bool when value.ValueKind is JsonValueKind.True or JsonValueKind.False => FeatureValue.FromBool(value.GetBoolean()),
            FeatureType.Int64 when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) => FeatureValue.FromInt64(number),
            FeatureType.Float64 when TryFloat(value, out var number) => FeatureValue.FromFloat64(number),
            FeatureType.Float32 when TryFloat(value, out var number) && float.IsFinite((float)number) => FeatureValue.FromFloat32((float)number),
            FeatureType.String when value.ValueKind == JsonValueKind.String => FeatureValue.FromString(GetText(value, $"'{path}'")),
            FeatureType.Bytes when value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) => FeatureValue.FromBytes(bytes),
            FeatureType.Timestamp when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var microseconds) => FeatureValue.FromTimestamp(microseconds),
            FeatureType.Timestamp when value.ValueKind == JsonValueKind.String && UnixMicroseconds.TryParse(GetText(value, $"'{path}'"), out var microseconds) =>
                FeatureValue.FromTimestamp(microseconds),
            _ => throw new ServingException(ServingError.InvalidInput, $"'{path}' is {Shorten(value)}; expected {Expected(type)}."),
        };
    }

    private static bool TryFloat(JsonElement value, out double number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out number) && double.IsFinite(number);
    }

    private static string Expected(FeatureType type) => type switch
    {
        FeatureType.Bool => "true or false",
        FeatureType.Int64 => "a whole number (int64)",
        FeatureType.Float32 or FeatureType.Float64 => "a number",
        FeatureType.String => "a string",
        FeatureType.Bytes => "a string of base64",
        _ => "a time with a zone such as \"2018-08-08T12:00:00Z\", or microseconds since the epoch",
    };
}
