using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Types and statuses in messages.</summary>
internal static class FeatureTexts
{
    /// <summary>As definition files write it.</summary>
    public static string ToText(this FeatureType type) => FeatureTypeNames.Of(type);

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
