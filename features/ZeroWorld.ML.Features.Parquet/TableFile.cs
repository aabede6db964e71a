using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads a whole table from a CSV(.gz) or Parquet file, whatever its columns: for data that no definition describes.</summary>
/// <remarks>Thread safe.</remarks>
public static class TableFile
{
    private const int Threads = 2;
    private const long EngineMiBMin = 614;

    // The engine holds 8 bytes for a number that stands in the file with two to eight letters, and of some 100,000 rows at a time all columns twice. A compressed text is a fifth of itself.
    private const int EngineBytesPerLetter = 8;
    private const int LettersPerCompressedByte = 5;

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
        var isParquet = files[0].EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);
        using var session = new DuckDbSession(new ParquetOfflineOptions { TempDirectory = Path.GetTempPath() }, isParquet ? EngineMiBMin : EngineMiBOf(LettersOf(path), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes), Threads);
        try
        {
            return Read(session, path, files, isParquet, cancellationToken);
        }
        catch (FeatureException failure)
        {
            throw session.Explain(failure);
        }
    }

    private static TableFileContent Read(DuckDbSession session, string path, string[] files, bool isParquet, CancellationToken cancellationToken)
    {
        foreach (var file in isParquet ? files : [])
        {
            ParquetFile.Require(file);
        }

        session.Reads(isParquet ? files : []);
        var scan = isParquet
            ? $"read_parquet({Sql.List(files)})"
            : $"read_csv({Sql.List([path])}, header = true, sample_size = -1, nullstr = ['', 'NA', 'NULL', 'null'])";
        if (!isParquet)
        {
            CsvEncoding.Check(path, cancellationToken);
        }

        Take(session, path, scan, isParquet, cancellationToken);
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

        var names = isParquet ? NamesOfParquet(session, files[0], columns, cancellationToken) : NamesOfCsv(session, path, columns, cancellationToken);

        // A Parquet file says what is a text.
        foreach (var (name, expression) in isParquet ? [] : TextNumbers.Find(session, [.. columns.Where(static column => column.Type == FeatureType.String).Select(static column => column.Name)], cancellationToken))
        {
            var place = columns.FindIndex(column => column.Name == name);
            (columns[place], expressions[place]) = (new OfflineColumn(name, FeatureType.Float64), expression);
        }

        columns = [.. columns.Zip(names, static (column, name) => column with { Name = name })];
        return new TableFileContent(Load(session, path, columns, expressions, cancellationToken), columns)
        {
            TrainingSet = isParquet && files.Length == 1 ? TrainingSetCard.FindFingerprint(session, path, cancellationToken) : null,
        };
    }

    // More than the half of the machine is for the rows themselves and what is made of them.
    internal static long EngineMiBOf(long letters, long machineBytes) => Math.Max(EngineMiBMin, Math.Min(letters * EngineBytesPerLetter, machineBytes / 2) >> 20);

    private static long LettersOf(string path) => new FileInfo(path).Length * (CsvTableFile.IsCompressed(path) ? LettersPerCompressedByte : 1);

    // Where the engine finds no form of the file that suits every line it shows a list of its settings; the first line that does not suit the header says more.
    private static void Take(DuckDbSession session, string path, string scan, bool isParquet, CancellationToken cancellationToken)
    {
        try
        {
            // What a CSV file holds is found by looking at all of it, so that it is kept; a Parquet file is read again.
            session.Execute($"CREATE {(isParquet ? "VIEW" : "TABLE")} data AS SELECT * FROM {scan}", cancellationToken);
        }
        catch (FeatureException exception) when (!isParquet && exception.Error == FeatureError.InvalidInput)
        {
            throw CsvStructure.FindProblem(path, CsvStructure.SeparatorOf(path), cancellationToken) ?? exception;
        }

        if (!isParquet)
        {
            RefuseOneOfTexts(session, path, cancellationToken);
            RefuseRowsLeftOut(session, path, cancellationToken);
        }
    }

    private static IReadOnlyList<string> NamesOfCsv(DuckDbSession session, string path, List<OfflineColumn> columns, CancellationToken cancellationToken)
    {
        var separator = CsvStructure.SeparatorOf(path);
        var header = CsvStructure.HeaderOf(path, separator);
        if (header.Count != columns.Count)
        {
            return [.. columns.Select(static column => column.Name)];
        }

        // Where one record has a quote too many the engine takes all quotes for letters: values begin with them then.
        string[] quoted = [.. columns.Where(static column => column.Type == FeatureType.String).Select(static column => $"count(*) FILTER (starts_with({Sql.Name(column.Name)}, '\"'))")];
        if (quoted.Length > 0)
        {
            using var rows = session.Query($"SELECT {string.Join(" + ", quoted)} FROM data", cancellationToken);
            if (rows.Read() && rows.GetInt64(0) > 0 && CsvStructure.FindProblem(path, separator, cancellationToken) is { } problem)
            {
                throw problem;
            }
        }

        return CsvStructure.NamesOf(path, header, [.. columns.Select(static column => column.Name)]);
    }

    // The schema is a tree in the order of its walk: a column's own parts follow it.
    private static IReadOnlyList<string> NamesOfParquet(DuckDbSession session, string path, List<OfflineColumn> columns, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        using var rows = session.Query($"SELECT name, coalesce(num_children, 0)::BIGINT FROM parquet_schema({Sql.Text(path)})", cancellationToken);
        for (var parts = rows.Read() ? 0L : -1; parts >= 0 && rows.Read();)
        {
            if (parts == 0)
            {
                names.Add(rows.GetString(0));
            }

            parts += rows.GetInt64(1) - (parts == 0 ? 0 : 1);
        }

        return CsvStructure.NamesOf(path, names, [.. columns.Select(static column => column.Name)]);
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

    // Where rows have different numbers of fields the engine takes each line for one value. Read with the separator that the header shows, they say which row it is.
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

        if (only is not null && CsvStructure.SeparatorOf(path) is var separator && only.Contains(separator, StringComparison.Ordinal)
            && CsvStructure.FindProblem(path, separator, cancellationToken) is { } problem)
        {
            throw problem;
        }
    }

    // A last row that does not suit the others is left out by the engine, without a word; of few rows it then takes all but one for a preamble.
    private static void RefuseRowsLeftOut(DuckDbSession session, string path, CancellationToken cancellationToken)
    {
        var separator = CsvStructure.SeparatorOf(path);
        using var taken = session.Query("SELECT count(*), (SELECT count(*) FROM (DESCRIBE data)) FROM data", cancellationToken);
        taken.Read();
        var (rows, columns) = (taken.GetInt64(0), taken.GetInt64(1));

        // Behind a preamble the first line is no header, and an only column has nulls where lines are blank.
        var isHeader = CsvStructure.HeaderOf(path, separator).Count == columns;
        if (columns == 1 || (!isHeader && rows > 0) || CsvStructure.CountRecords(path, separator, cancellationToken) is not { } records || records.All == rows || records.WithoutComments == rows)
        {
            return;
        }

        throw CsvStructure.FindProblem(path, separator, cancellationToken)
            ?? ImportFailure.File(path, string.Create(CultureInfo.InvariantCulture, $"has {records.All} records behind its header, of which {rows} are of one form; expected as many values in each, with quotes around those that hold the separator, a quote or a line end."));
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
