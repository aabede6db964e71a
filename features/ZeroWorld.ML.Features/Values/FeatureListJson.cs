using System.Text.Json;

namespace ZeroWorld.ML.Features;

/// <summary>Lists as JSON arrays without nulls; NaN and the infinities are texts, as elsewhere.</summary>
/// <remarks>Pure. Memory is bounded by the text.</remarks>
public static class FeatureListJson
{
    /// <summary>What is expected, for messages.</summary>
    public static string Expected(FeatureType type) => type switch
    {
        FeatureType.Int64List => "a JSON array of integers of 64 bits, such as [3, 1, 2], without null",
        FeatureType.Float64List => "a JSON array of numbers, such as [0.5, -1], without null",
        _ => "a JSON array of strings, such as [\"a\", \"b\"], without null",
    };

    /// <summary>Reads a text that is one array.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, FeatureType type, out FeatureValue value)
    {
        value = FeatureValue.Null(type);
        try
        {
            var reader = new Utf8JsonReader(utf8);
            return reader.Read() && TryRead(ref reader, type, out value) && !reader.Read();
        }
        catch (JsonException)
        {
            // What is behind a whole array, or inside of a broken one.
            return false;
        }
    }

    /// <summary>Reads the array at which the reader stands, to its end.</summary>
    /// <returns><see langword="false"/> when it is no such list; the reader stands somewhere inside.</returns>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static bool TryRead(ref Utf8JsonReader reader, FeatureType type, out FeatureValue value)
    {
        value = FeatureValue.Null(type);
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        var (integers, numbers, texts) = (new List<long>(), new List<double>(), new List<string>());
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var isElement = type switch
            {
                FeatureType.Int64List => TryAddInteger(ref reader, integers),
                FeatureType.Float64List => TryAddNumber(ref reader, numbers),
                _ => TryAddText(ref reader, texts),
            };
            if (!isElement)
            {
                return false;
            }
        }

        value = type switch
        {
            FeatureType.Int64List => FeatureValue.FromInt64List([.. integers]),
            FeatureType.Float64List => FeatureValue.FromFloat64List([.. numbers]),
            _ => FeatureValue.FromStringList([.. texts]),
        };
        return reader.TokenType == JsonTokenType.EndArray;
    }

    private static bool TryAddInteger(ref Utf8JsonReader reader, List<long> integers)
    {
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var integer))
        {
            return false;
        }

        integers.Add(integer);
        return true;
    }

    private static bool TryAddNumber(ref Utf8JsonReader reader, List<double> numbers)
    {
        double? number = reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetDouble(out var value) && double.IsFinite(value) ? value : null,
            JsonTokenType.String when reader.ValueTextEquals("NaN"u8) => double.NaN,
            JsonTokenType.String when reader.ValueTextEquals("Infinity"u8) => double.PositiveInfinity,
            JsonTokenType.String when reader.ValueTextEquals("-Infinity"u8) => double.NegativeInfinity,
            _ => null,
        };
        if (number is { } known)
        {
            numbers.Add(known);
        }

        return number is not null;
    }

    private static bool TryAddText(ref Utf8JsonReader reader, List<string> texts)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        try
        {
            texts.Add(reader.GetString()!);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or bytes that are no UTF-8.
            return false;
        }
    }
}
