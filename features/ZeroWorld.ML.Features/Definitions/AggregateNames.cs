namespace ZeroWorld.ML.Features;

/// <summary>The names of aggregates in definitions and messages.</summary>
internal static class AggregateNames
{
    private static readonly string[] Names =
    [
        "count", "sum", "mean", "min", "max", "variance", "stddev", "first", "last",
        "count_distinct", "approx_count_distinct", "percentile", "first_k", "last_k", "top_k",
    ];

    /// <summary>All of them, for messages.</summary>
    public static string All { get; } = string.Join(", ", Names);

    public static string Of(AggregateFunction function) => Names[(int)function];

    public static AggregateFunction? Find(string name) => Array.IndexOf(Names, name) is >= 0 and var index ? (AggregateFunction)index : null;
}
