namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Scalar values as 64 bits: floats as IEEE 754, bool as 0 or 1.</summary>
internal static class FeatureBits
{
    /// <param name="value">Not null, and neither string nor bytes.</param>
    public static long Of(in FeatureValue value) => value.Type switch
    {
        FeatureType.Bool => value.AsBool() ? 1 : 0,
        FeatureType.Float32 => (uint)BitConverter.SingleToInt32Bits(value.AsFloat32()),
        FeatureType.Float64 => BitConverter.DoubleToInt64Bits(value.AsFloat64()),
        _ => value.AsInt64(),
    };

    public static FeatureValue ToValue(FeatureType type, long bits) => type switch
    {
        FeatureType.Bool => FeatureValue.FromBool(bits != 0),
        FeatureType.Int64 => FeatureValue.FromInt64(bits),
        FeatureType.Float32 => FeatureValue.FromFloat32(BitConverter.Int32BitsToSingle((int)bits)),
        FeatureType.Float64 => FeatureValue.FromFloat64(BitConverter.Int64BitsToDouble(bits)),
        FeatureType.Timestamp => FeatureValue.FromTimestamp(bits),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
