using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Names of types and statuses as people read them.</summary>
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

    /// <summary>As protos and documents write it.</summary>
    public static string ToText(this FeatureStatus status) => status switch
    {
        FeatureStatus.Present => "PRESENT",
        FeatureStatus.Null => "NULL",
        FeatureStatus.NotFound => "NOT_FOUND",
        FeatureStatus.OutsideMaxAge => "OUTSIDE_MAX_AGE",
        FeatureStatus.Unavailable => "UNAVAILABLE",
        _ => "UNSPECIFIED",
    };
}
