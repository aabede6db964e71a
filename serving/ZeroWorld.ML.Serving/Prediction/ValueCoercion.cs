using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Brings values of the wire to declared types, by value and never by guess: a string is no number, a fraction no integer. Pure.</summary>
internal static class ValueCoercion
{
    // Above it a float64 no longer holds every integer.
    private const long ExactIntegerMax = 1L << 53;

    /// <summary>Whether some values of one type can stand for the other.</summary>
    public static bool CanConvert(FeatureType from, FeatureType to) => from == to || (from, to) switch
    {
        (FeatureType.Int64, FeatureType.Float64 or FeatureType.Float32 or FeatureType.Timestamp) => true,
        (FeatureType.Float32, FeatureType.Float64) or (FeatureType.Float64, FeatureType.Float32) => true,
        (FeatureType.String, FeatureType.Timestamp) => true,
        _ => false,
    };

    /// <summary>Converts a value for which <see cref="CanConvert"/> holds. An int64 is microseconds to a timestamp, a string RFC 3339 with a zone.</summary>
    /// <returns><see langword="false"/> when this value has no equal in the other type.</returns>
    public static bool TryConvert(FeatureValue value, FeatureType to, out FeatureValue converted)
    {
        converted = value;
        if (value.IsNull)
        {
            converted = FeatureValue.Null(to);
            return true;
        }

        switch (value.Type, to)
        {
            case (FeatureType.Int64, FeatureType.Float64):
                converted = FeatureValue.FromFloat64(value.AsInt64());
                return value.AsInt64() is >= -ExactIntegerMax and <= ExactIntegerMax;
            case (FeatureType.Int64, FeatureType.Float32):
                converted = FeatureValue.FromFloat32(value.AsInt64());
                return (long)(float)value.AsInt64() == value.AsInt64();
            case (FeatureType.Int64, FeatureType.Timestamp):
                converted = FeatureValue.FromTimestamp(value.AsInt64());
                return true;
            case (FeatureType.Float32, FeatureType.Float64):
                converted = FeatureValue.FromFloat64(value.AsFloat32());
                return true;
            case (FeatureType.Float64, FeatureType.Float32):
                // Rounded, as every float32 value of a decimal text is; but never to an infinity that was not there.
                converted = FeatureValue.FromFloat32((float)value.AsFloat64());
                return float.IsFinite(converted.AsFloat32()) || !double.IsFinite(value.AsFloat64());
            case (FeatureType.String, FeatureType.Timestamp):
                var isTime = UnixMicroseconds.TryParse(value.AsString(), out var microseconds);
                converted = FeatureValue.FromTimestamp(microseconds);
                return isTime;
            default:
                return value.Type == to;
        }
    }
}
