namespace ZeroWorld.ML.Features;

/// <summary>The names of types in definitions, canonical JSON and messages.</summary>
public static class FeatureTypeNames
{
    private static readonly string[] Names = ["bool", "int64", "float32", "float64", "string", "bytes", "timestamp"];

    /// <summary>All names, for messages.</summary>
    public static string All { get; } = string.Join(", ", Names);

    /// <exception cref="ArgumentOutOfRangeException">It is no defined type.</exception>
    public static string Of(FeatureType type) => type is >= FeatureType.Bool and <= FeatureType.Timestamp
        ? Names[(int)type - 1]
        : throw new ArgumentOutOfRangeException(nameof(type), type, $"Expected one of: {All}.");

    public static bool TryParse(string name, out FeatureType type)
    {
        var index = Array.IndexOf(Names, name);
        type = (FeatureType)(index + 1);
        return index >= 0;
    }
}
