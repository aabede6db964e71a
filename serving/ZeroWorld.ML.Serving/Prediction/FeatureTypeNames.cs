using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Names of types as definition files write them.</summary>
internal static class FeatureTypeNames
{
    public static string ToText(this FeatureType type) => type switch
    {
        FeatureType.Bool => "bool",
        FeatureType.Int64 => "int64",
        FeatureType.Float32 => "float32",
        FeatureType.Float64 => "float64",
        FeatureType.String => "string",
        FeatureType.Bytes => "bytes",
        FeatureType.Timestamp => "timestamp",
        _ => "untyped",
    };
}
