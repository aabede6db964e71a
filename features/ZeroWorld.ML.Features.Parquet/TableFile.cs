using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads a whole table from a CSV(.gz) or Parquet file, whatever its columns: for data that no definition describes.</summary>
/// <remarks>Thread safe.</remarks>
public static class TableFile
{
    private const int EngineMiB = 1024;

    /// <summary>Reads all rows in the order of the file.</summary>
    /// <param name="path">A .csv, .csv.gz, .tsv or .parquet file, or a folder of .parquet files, which are read in the order of their names. A CSV file has a header; empty fields, <c>NA</c>, <c>NULL</c> and <c>null</c> are nulls; types are found by looking at every row, numbers with a decimal comma, thousands apart, a sign of money or percent (13.5% is 13.5) among them; in a column of numbers <c>?</c>, <c>-</c>, <c>N/A</c>, <c>None</c>, <c>NaN</c>, <c>missing</c> and <c>unknown</c> are nulls too.</param>
    /// <returns>The columns with their types: int64, float64, timestamp (a time without a zone is UTC) and string (everything else).</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>: no such file. <see cref="FeatureError.InvalidInput"/>: it is no such table; the message names what is wrong and where.</exception>
    public static Task<TableFileContent> ReadAsync(string path, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(() => Read(path, cancellationToken), cancellationToken);
    }

    private static TableFileContent Read(string path, CancellationToken cancellationToken)
    {
        string[] files = File.Exists(path) ? [path] : Directory.Exists(path) ? [.. Directory.GetFiles(path, "*.parquet").Order(StringComparer.Ordinal)] : [];
        if (files.Length == 0)
        {
            throw new FeatureException(FeatureError.NotFound, $"There is no file '{path}', and no folder of Parquet files.");
        }

        // A file belongs to no data directory: spilling into the default one would make it, wherever the caller stands.
        using var session = new DuckDbSession(new ParquetOfflineOptions { MemoryLimitMiB = EngineMiB, Threads = 2, TempDirectory = Path.GetTempPath() });
        var isParquet = files[0].EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);
        var scan = isParquet
            ? $"read_parquet({Sql.List(files)})"
            : $"read_csv({Sql.List([path])}, header = true, sample_size = -1, nullstr = ['', 'NA', 'NULL', 'null'])";
        session.Execute($"CREATE TABLE data AS SELECT * FROM {scan}", cancellationToken);
        RefuseOneOfTexts(session, path, cancellationToken);
        if (!isParquet && FindShortYears(session, scan, cancellationToken) is { Count: > 0 } texts)
        {
            var types = string.Join(", ", texts.Select(static name => $"{Sql.Text(name)}: 'VARCHAR'"));
            session.Execute($"CREATE OR REPLACE TABLE data AS SELECT * FROM {scan[..^1]}, types = {{{types}}})", cancellationToken);
        }

        var columns = new List<OfflineColumn>();
        var expressions = new List<string>();
        using (var rows = session.Query("DESCRIBE data", cancellationToken))
        {
            while (rows.Read())
            {
                var (name, type) = (rows.GetString(0), rows.GetString(1));
                var (kind, expression) = Convert(Sql.Name(name), type);
                columns.Add(new OfflineColumn(name, kind));
                expressions.Add(expression);
            }
        }

        // A Parquet file says what is a text.
        foreach (var (name, expression) in isParquet ? [] : TextNumbers.Find(session, [.. columns.Where(static column => column.Type == FeatureType.String).Select(static column => column.Name)], cancellationToken))
        {
            var place = columns.FindIndex(column => column.Name == name);
            (columns[place], expressions[place]) = (new OfflineColumn(name, FeatureType.Float64), expression);
        }

        return new TableFileContent(Load(session, path, columns, expressions, cancellationToken), columns);
    }

    // The engine takes 13/01/24 for 2013-01-24 where all rows allow that. Which of three numbers is the year is for those to say who know what the column is: it stays a text.
    private static List<string> FindShortYears(DuckDbSession session, string scan, CancellationToken cancellationToken)
    {
        const int RowsLookedAt = 1000;
        var times = new List<string>();
        using (var rows = session.Query("DESCRIBE data", cancellationToken))
        {
            while (rows.Read())
            {
                if (Convert(Sql.Name(rows.GetString(0)), rows.GetString(1)).Type == FeatureType.Timestamp)
                {
                    times.Add(rows.GetString(0));
                }
            }
        }

        if (times.Count == 0)
        {
            return times;
        }

        var counts = times.Select(static name => $"count(*) FILTER (NOT regexp_matches({Sql.Name(name)}, '(^|[^0-9])[0-9]{{4}}([^0-9]|$)'))");
        using var texts = session.Query($"SELECT {string.Join(", ", counts)} FROM (SELECT * FROM {scan[..^1]}, all_varchar = true) LIMIT {RowsLookedAt})", cancellationToken);
        texts.Read();
        return [.. times.Where((_, index) => texts.GetInt64(index) > 0)];
    }

    // Where rows have different numbers of fields the engine takes each line for one value. Read with the separator that the header shows, it says which row it is.
    private static void RefuseOneOfTexts(DuckDbSession session, string path, CancellationToken cancellationToken)
    {
        string? only = null;
        using (var rows = session.Query("DESCRIBE data", cancellationToken))
        {
            for (var count = 0; rows.Read(); count++)
            {
                only = count == 0 ? rows.GetString(0) : null;
            }
        }

        if (only is not null && ",;\t|".FirstOrDefault(separator => only.Contains(separator, StringComparison.Ordinal)) is var found and not '\0' && !path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            session.Execute($"CREATE TABLE strict AS SELECT * FROM read_csv({Sql.List([path])}, header = true, delim = '{found}', sample_size = -1)", cancellationToken);
        }
    }

    private static ColumnFrame Load(DuckDbSession session, string path, List<OfflineColumn> columns, List<string> expressions, CancellationToken cancellationToken)
    {
        int count;
        using (var rows = session.Query("SELECT count(*) FROM data", cancellationToken))
        {
            rows.Read();
            count = rows.GetInt64(0) is <= int.MaxValue and var known
                ? (int)known
                : throw new FeatureException(
                    FeatureError.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"File '{path}' has {rows.GetInt64(0)} rows; expected at most {int.MaxValue}."));
        }

        var frame = new ColumnFrame(count);
        Array[] values =
        [
            .. columns.Select(column => column.Type switch
            {
                FeatureType.String => (Array)new string?[count],
                FeatureType.Float64 => new double[count],
                _ => new long[count],
            }),
        ];
        using (var rows = session.Query($"SELECT {string.Join(", ", expressions)} FROM data", cancellationToken))
        {
            for (var row = 0; rows.Read(); row++)
            {
                for (var index = 0; index < values.Length; index++)
                {
                    Set(rows, index, values[index], row);
                }
            }
        }

        for (var index = 0; index < values.Length; index++)
        {
            frame.Add(columns[index].Name, values[index]);
        }

        return frame;
    }

    private static void Set(DuckDbRows rows, int ordinal, Array target, int row)
    {
        var isNull = rows.IsNull(ordinal);
        switch (target)
        {
            case string?[] texts:
                texts[row] = isNull ? null : rows.GetString(ordinal);
                break;
            case double[] numbers:
                numbers[row] = isNull ? double.NaN : rows.GetDouble(ordinal);
                break;
            default:
                ((long[])target)[row] = isNull ? long.MinValue : rows.GetInt64(ordinal);
                break;
        }
    }

    private static (FeatureType Type, string Expression) Convert(string column, string type) => type switch
    {
        "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" or "BOOLEAN" => (FeatureType.Int64, $"CAST({column} AS BIGINT)"),
        "FLOAT" or "DOUBLE" or "HUGEINT" or "UBIGINT" => (FeatureType.Float64, $"CAST({column} AS DOUBLE)"),
        _ when type.StartsWith("DECIMAL", StringComparison.Ordinal) => (FeatureType.Float64, $"CAST({column} AS DOUBLE)"),
        "DATE" => (FeatureType.Timestamp, $"epoch_us(CAST({column} AS TIMESTAMP))"),
        _ when type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => (FeatureType.Timestamp, $"epoch_us({column})"),
        _ => (FeatureType.String, $"CAST({column} AS VARCHAR)"),
    };
}
