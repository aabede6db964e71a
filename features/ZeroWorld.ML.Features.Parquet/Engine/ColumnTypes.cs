using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Between the engine's column types and ours.</summary>
internal static class ColumnTypes
{
    private const string Instant = "TIMESTAMP WITH TIME ZONE";

    // As the engine holds it.
    private const string InfiniteTime = "9223372036854775807";

    public static ColumnKind KindOf(FeatureType type) => type switch
    {
        FeatureType.Bool => ColumnKind.Bool,
        FeatureType.Int64 => ColumnKind.Int64,
        FeatureType.Float32 => ColumnKind.Float32,
        FeatureType.Float64 => ColumnKind.Float64,
        FeatureType.String => ColumnKind.String,
        FeatureType.Bytes => ColumnKind.Bytes,
        FeatureType.Timestamp => ColumnKind.Timestamp,
        FeatureType.Int64List => ColumnKind.Int64List,
        FeatureType.Float64List => ColumnKind.Float64List,
        FeatureType.StringList => ColumnKind.StringList,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>Whether values are held as bytes: texts, bytes and lists.</summary>
    public static bool IsOfBytes(ColumnKind kind) => kind is ColumnKind.String or ColumnKind.Bytes || IsList(kind);

    public static bool IsOfBytes(FeatureType type) => type is FeatureType.String or FeatureType.Bytes || IsList(type);

    public static bool IsList(FeatureType type) => type is FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList;

    public static bool IsList(ColumnKind kind) => kind is ColumnKind.Int64List or ColumnKind.Float64List or ColumnKind.StringList;

    public static string EngineNameOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Bool => "BOOLEAN",
        ColumnKind.Int32 => "INTEGER",
        ColumnKind.Int64 => "BIGINT",
        ColumnKind.Float32 => "FLOAT",
        ColumnKind.Float64 => "DOUBLE",
        ColumnKind.String => "VARCHAR",
        ColumnKind.Bytes => "BLOB",
        ColumnKind.Timestamp => "TIMESTAMPTZ",
        ColumnKind.Int64List => "BIGINT[]",
        ColumnKind.Float64List => "DOUBLE[]",
        ColumnKind.StringList => "VARCHAR[]",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>The type as features see it, lists of numbers and texts among them; <see langword="null"/> for types that features do not have.</summary>
    public static FeatureType? FeatureTypeOf(string engineType) => engineType switch
    {
        "BOOLEAN" => FeatureType.Bool,
        _ when IsInteger(engineType) => FeatureType.Int64,
        "FLOAT" => FeatureType.Float32,
        "DOUBLE" => FeatureType.Float64,
        _ when engineType.StartsWith("DECIMAL", StringComparison.Ordinal) => FeatureType.Float64,
        "VARCHAR" => FeatureType.String,
        "BLOB" => FeatureType.Bytes,
        Instant => FeatureType.Timestamp,
        _ => ElementOf(engineType) is { } element
            ? FeatureTypeOf(element) switch
            {
                FeatureType.Int64 => FeatureType.Int64List,
                FeatureType.Float32 or FeatureType.Float64 => FeatureType.Float64List,
                FeatureType.String => FeatureType.StringList,
                _ => null,
            }
            : null,
    };

    /// <summary>Whether the engine's type is a time without a zone (a DATE has none either).</summary>
    public static bool IsNaiveTime(string engineType) =>
        engineType is "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" or "DATE";

    /// <summary>An expression that gives the column as <paramref name="wanted"/>, timestamps as BIGINT microseconds.</summary>
    /// <returns><see langword="null"/> when that would lose or invent something: integers widen, floats widen, nothing else changes.</returns>
    public static string? Convert(string column, string engineType, FeatureType wanted)
    {
        var name = Sql.Name(column);
        var isInteger = IsInteger(engineType);
        return wanted switch
        {
            FeatureType.Bool when engineType == "BOOLEAN" => name,
            FeatureType.Int64 when engineType == "BIGINT" => name,
            FeatureType.Int64 when isInteger => $"CAST({name} AS BIGINT)",
            FeatureType.Float32 when engineType == "FLOAT" => name,
            FeatureType.Float64 when engineType == "DOUBLE" => name,
            FeatureType.Float64 when isInteger || engineType == "FLOAT" || engineType.StartsWith("DECIMAL", StringComparison.Ordinal) =>
                $"CAST({name} AS DOUBLE)",
            FeatureType.String when engineType == "VARCHAR" => name,
            FeatureType.Bytes when engineType == "BLOB" => name,
            FeatureType.Timestamp when engineType == Instant => $"epoch_us({name})",
            FeatureType.Int64List => ConvertList(name, engineType, FeatureType.Int64),
            FeatureType.Float64List => ConvertList(name, engineType, FeatureType.Float64),
            FeatureType.StringList => ConvertList(name, engineType, FeatureType.String),
            _ => null,
        };
    }

    /// <summary>As <see cref="Convert"/> to a timestamp, but an infinite time is the least or greatest number, which can be told from what is not there.</summary>
    public static string? ConvertTime(string column, string engineType) => Convert(column, engineType, FeatureType.Timestamp) is { } time
        ? WithInfinities(time, Sql.Name(column))
        : null;

    /// <param name="number">An expression that the engine makes null for an infinite time.</param>
    /// <param name="time">The time that it is made of.</param>
    public static string WithInfinities(string number, string time) =>
        $"coalesce({number}, CASE WHEN isinf({time}) THEN CASE WHEN {time} > '2000-01-01' THEN {InfiniteTime} ELSE -{InfiniteTime} END END)";

    /// <summary>A condition on BIGINT microseconds that are no time of the calendar.</summary>
    public static string IsNoTime(string time) => $"({time} < {Sql.Number(UnixMicroseconds.TimeMin)} OR {time} > {Sql.Number(UnixMicroseconds.TimeMax)})";

    /// <summary>A time that is none of the calendar, for messages.</summary>
    public static string ShowNoTime(long microseconds) => microseconds switch
    {
        long.MaxValue => "infinity",
        <= -long.MaxValue => "-infinity",
        _ => string.Create(CultureInfo.InvariantCulture, $"{microseconds} microseconds since 1970"),
    };

    /// <summary>An expression that is true for a list with a null among its elements, which no feature takes.</summary>
    public static string HasNullElement(string expression) => $"coalesce(len({expression}) <> list_count({expression}), false)";

    // Elements widen as single values do; an array of fixed length is a list.
    private static string? ConvertList(string name, string engineType, FeatureType element)
    {
        var wanted = $"{EngineNameOf(KindOf(element))}[]";
        return engineType == wanted ? name
            : ElementOf(engineType) is { } type && Convert("e", type, element) is not null ? $"CAST({name} AS {wanted})"
            : null;
    }

    private static string? ElementOf(string engineType) =>
        engineType.EndsWith(']') && engineType.LastIndexOf('[') is > 0 and var at ? engineType[..at] : null;

    /// <summary>An expression that gives a numeric column as DOUBLE, as aggregates read it: bool as 0 or 1.</summary>
    public static string? ConvertNumber(string column, string engineType) => engineType == "BOOLEAN"
        ? $"CAST(CAST({Sql.Name(column)} AS TINYINT) AS DOUBLE)"
        : Convert(column, engineType, FeatureType.Float64);

    /// <summary>The narrowest engine type that holds every value of several different ones.</summary>
    /// <returns><see langword="null"/> when there is none that loses nothing: int64 does not go into float64.</returns>
    public static string? Widen(IReadOnlyList<string> engineTypes)
    {
        return engineTypes.All(IsInteger) ? "BIGINT"
            : engineTypes.All(static type => type is "FLOAT" or "DOUBLE" || type.StartsWith("DECIMAL", StringComparison.Ordinal)) ? "DOUBLE"
            : null;
    }

    public static string Describe(FeatureType type) => FeatureTypeNames.Of(type);

    // Whatever a column of the type holds is an int64. Warehouses write whole numbers as decimals without a fraction.
    private static bool IsInteger(string engineType) =>
        engineType is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" || IsWholeDecimal(engineType);

    private static bool IsWholeDecimal(string engineType)
    {
        const string Prefix = "DECIMAL(";
        const string Suffix = ",0)";
        const int DigitsMax = 18;
        return engineType.StartsWith(Prefix, StringComparison.Ordinal) && engineType.EndsWith(Suffix, StringComparison.Ordinal)
            && int.TryParse(engineType.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var digits) && digits <= DigitsMax;
    }
}
