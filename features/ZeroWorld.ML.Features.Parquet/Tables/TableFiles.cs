namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The files of a table read as one, each column with a type that holds what every file has in it.</summary>
/// <remarks>
/// Integers of different widths are int64, float32 beside float64 is float64, decimals are float64: nothing is lost by that. Every other difference is
/// refused where the column is used (<see cref="Require"/>). Where files differ, an empty file with the common types leads the engine: left alone, it
/// would take the types of the first file and cast the others to them. Immutable and thread safe once made; it lives as long as its session.
/// </remarks>
internal sealed class TableFiles
{
    private readonly List<FileSchema> _schemas;
    private readonly Dictionary<string, string> _refused = new(StringComparer.OrdinalIgnoreCase);
    private string? _lead;

    private TableFiles(DuckDbSession session, IReadOnlyList<string> files, List<FileSchema> schemas)
    {
        Session = session;
        Files = files;
        _schemas = schemas;
    }

    /// <summary>The engine that reads them.</summary>
    public DuckDbSession Session { get; }

    /// <summary>Files in the table's order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Engine types by column.</summary>
    public Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    /// <summary>A scan of all files, with <c>filename</c> and <c>file_row_number</c>.</summary>
    public string Scan => $"read_parquet({List(Files)}, file_row_number = true, filename = true{Options})";

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a file cannot be read as Parquet, or has a column twice.</exception>
    public static TableFiles Open(DuckDbSession session, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        session.Reads(files);
        var table = new TableFiles(session, files, FileSchema.Read(session, files, cancellationToken));
        var leads = table.FindLeads();
        if (leads.Count > 0)
        {
            table._lead = session.SpillPath($"schema-{Guid.NewGuid():N}.parquet");
            var columns = leads.Select(static lead => $"NULL::{lead.Type} AS {Sql.Name(lead.Name)}");
            session.Execute($"COPY (SELECT {string.Join(", ", columns)} WHERE false) TO {Sql.Text(table._lead)} (FORMAT parquet)", cancellationToken);
        }

        foreach (var (name, type) in session.Describe(table.Scan, cancellationToken))
        {
            table.Types[name] = type;
        }

        return table;
    }

    /// <summary>A scan of some of the files, with <c>file_row_number</c>, and <c>file_index</c> among them.</summary>
    public string ScanOf(IReadOnlyList<string> files) => $"read_parquet({List(files)}, file_row_number = true{Options})";

    /// <summary>Pieces of the table for threads that scan it side by side, in its order.</summary>
    /// <param name="rowsMax">Rows that a slice has at most.</param>
    public IReadOnlyList<SourceSlice> Slice(DuckDbSession session, long rowsMax, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        using (var rows = session.Query($"SELECT file_name, num_rows FROM parquet_file_metadata({Sql.List(Files)})", cancellationToken))
        {
            while (rows.Read())
            {
                counts.Add(rows.GetString(0), rows.GetInt64(1));
            }
        }

        return SourceSlice.Cut([.. Files.Select(file => (file, counts[Path.GetFullPath(file)]))], rowsMax);
    }

    /// <summary>
    /// Every row of a slice: its number in its file, which file of the slice it is in, then what is asked for. In the table's order where one thread of the engine reads.
    /// </summary>
    /// <param name="condition">Holds it to some rows; <see langword="null"/>: all.</param>
    public string SliceStatement(SourceSlice slice, IEnumerable<string> expressions, string? condition = null)
    {
        var file = slice.Files.Count > 1 ? "CAST(file_index AS BIGINT)" : "0::BIGINT";
        return $"SELECT file_row_number, {string.Join(", ", expressions.Prepend(file))} FROM {ScanOf(slice.Files)}{slice.Condition("file_row_number", condition)}";
    }

    /// <summary>Refuses files that do not agree in the columns that are read.</summary>
    /// <param name="columns">Columns that every file must have.</param>
    /// <param name="optional">Columns that are null in the rows of files that lack them.</param>
    /// <returns>A sentence for each file that lacks an optional column.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the message names file and column, and what was expected.</exception>
    public IReadOnlyList<string> Require(IEnumerable<string> columns, IEnumerable<string> optional)
    {
        var needed = columns.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var absences = new List<string>();
        foreach (var column in needed.Concat(optional).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (_refused.TryGetValue(column, out var refusal))
            {
                throw new FeatureException(FeatureError.InvalidInput, refusal);
            }

            // What no file has is told by whoever needs it, with the names there are.
            if (_schemas.Find(schema => schema.Columns.ContainsKey(column)) is not { } owner)
            {
                continue;
            }

            foreach (var schema in _schemas.Where(schema => !schema.Columns.ContainsKey(column)))
            {
                if (needed.Contains(column))
                {
                    throw ImportFailure.File(
                        schema.File, $"has no column '{column}', which '{owner.Name}' of the same table has; expected it in all files, since keys, times and ids need a value in every row.");
                }

                absences.Add($"file '{schema.Name}' has no column '{column}', which '{owner.Name}' has; its rows have no value there");
            }
        }

        return absences;
    }

    /// <summary>The first file that has the column in that type, for messages; empty when the table is of one file only.</summary>
    public string Place(string column, string type)
    {
        var file = _schemas.Find(schema => schema.Columns.TryGetValue(column, out var known) && known == type) ?? _schemas.Find(schema => schema.Columns.ContainsKey(column));
        return file is null ? string.Empty : $" of file '{file.Name}'";
    }

    private string Options => _lead is null ? string.Empty : ", union_by_name = true";

    // Behind the others, so that they keep their numbers.
    private string List(IReadOnlyList<string> files) => Sql.List(_lead is null ? files : [.. files, _lead]);

    private List<(string Name, string Type)> FindLeads()
    {
        var leads = new List<(string, string)>();
        foreach (var column in _schemas.SelectMany(static schema => schema.Columns.Keys).Distinct(StringComparer.OrdinalIgnoreCase).ToList())
        {
            var owners = _schemas.FindAll(schema => schema.Columns.ContainsKey(column));
            var types = owners.Select(schema => schema.Columns[column]).Distinct(StringComparer.Ordinal).ToList();
            var common = types.Count == 1 ? types[0] : ColumnTypes.Widen(types);
            if (common is null)
            {
                var other = owners.Find(schema => schema.Columns[column] != types[0])!;
                _refused[column] =
                    $"File '{other.File}' has column '{column}' as {other.Columns[column]}, '{owners[0].Name}' of the same table as {types[0]}; expected one type in all files of a table, or integers or floats of different widths.";
            }
            else if (common != FileSchema.Nested && (types.Count > 1 || owners.Count < _schemas.Count))
            {
                leads.Add((column, common));
            }
        }

        return leads;
    }
}
