using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>Reads a scalar as a value of a declared type.</summary>
internal static class YamlValue
{
    public static string Expected(FeatureType type) => type switch
    {
        FeatureType.Bool => "true or false",
        FeatureType.Int64 => "an integer of 64 bits",
        FeatureType.Float32 or FeatureType.Float64 => $"a {FeatureTypeNames.Of(type)} number",
        FeatureType.String => "a string (in quotes where it looks like a number or a bool)",
        FeatureType.Bytes => "bytes in base64",
        FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => "none, since a list has no default",
        _ => "a time as 2018-08-08T12:00:00Z",
    };

    public static bool TryRead(YamlScalar scalar, FeatureType type, out FeatureValue value)
    {
        FeatureValue? read = (type, scalar.ScalarKind) switch
        {
            (FeatureType.Bool, YamlScalarKind.Bool) => FeatureValue.FromBool(scalar.Value is "true" or "True" or "TRUE"),
            (FeatureType.Int64, YamlScalarKind.Integer) =>
                long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) ? FeatureValue.FromInt64(integer) : null,
            (FeatureType.Float64, YamlScalarKind.Integer or YamlScalarKind.Number) =>
                TryReadNumber(scalar.Value, out var number) ? FeatureValue.FromFloat64(number) : null,
            (FeatureType.Float32, YamlScalarKind.Integer or YamlScalarKind.Number) =>
                TryReadNumber(scalar.Value, out var number) && (!double.IsFinite(number) || float.IsFinite((float)number))
                    ? FeatureValue.FromFloat32((float)number)
                    : null,
            (FeatureType.String, YamlScalarKind.Text) => FeatureValue.FromString(scalar.Value),
            (FeatureType.Bytes, YamlScalarKind.Text) => TryReadBytes(scalar.Value),
            (FeatureType.Timestamp, YamlScalarKind.Text) =>
                UnixMicroseconds.TryParse(scalar.Value, out var microseconds) ? FeatureValue.FromTimestamp(microseconds) : null,
            _ => null,
        };
        value = read ?? FeatureValue.Null(type);
        return read is not null;
    }

    private static FeatureValue? TryReadBytes(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? FeatureValue.FromBytes(bytes[..length]) : null;
    }

    // A finite text must stay finite: 1e999 is a mistake, .inf is meant.
    private static bool TryReadNumber(string text, out double number)
    {
        switch (text.TrimStart('+', '-').ToUpperInvariant())
        {
            case ".INF":
                number = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
                return true;
            case ".NAN":
                number = double.NaN;
                return true;
            default:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
        }
    }
}
