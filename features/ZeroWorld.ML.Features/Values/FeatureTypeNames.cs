namespace ZeroWorld.ML.Features;

/// <summary>The names of types in definitions, canonical JSON and messages.</summary>
public static class FeatureTypeNames
{
    private static readonly string[] Names =
        ["bool", "int64", "float32", "float64", "string", "bytes", "timestamp", "int64_list", "float64_list", "string_list"];

    /// <summary>The names that definitions may declare, for messages.</summary>
    public static string All { get; } = string.Join(", ", Names);

    /// <exception cref="ArgumentOutOfRangeException">It is no defined type.</exception>
    public static string Of(FeatureType type) => type is >= FeatureType.Bool and <= FeatureType.StringList
        ? Names[(int)type - 1]
        : throw new ArgumentOutOfRangeException(nameof(type), type, $"Expected one of: {All}.");

    /// <summary>Reads a type that a definition may declare.</summary>
    public static bool TryParse(string name, out FeatureType type)
    {
        var index = Array.IndexOf(Names, name);
        type = (FeatureType)(index + 1);
        return index >= 0;
    }
}
