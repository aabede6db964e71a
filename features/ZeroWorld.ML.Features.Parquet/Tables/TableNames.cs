namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Names of tables in a sentence.</summary>
internal static class TableNames
{
    private const int NamesMax = 20;

    /// <summary>All names in their order, or the first of them and how many there are besides.</summary>
    public static string ToText(IReadOnlyCollection<string> names)
    {
        var first = string.Join(", ", names.Order(StringComparer.Ordinal).Take(NamesMax));
        return names.Count switch
        {
            0 => "none",
            > NamesMax => $"{first} and {names.Count - NamesMax} more",
            _ => first,
        };
    }
}
