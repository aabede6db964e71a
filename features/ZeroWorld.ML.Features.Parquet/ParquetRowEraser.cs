namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Redacts rows in files that <see cref="ParquetRowSink"/> wrote.</summary>
/// <remarks>Thread safe, for one eraser at a time.</remarks>
public sealed class ParquetRowEraser : IRowEraser
{
    private readonly string _root;
    private readonly ParquetOfflineOptions _options;

    /// <param name="root">The folder of the sink.</param>
    /// <param name="options">What the engine may use.</param>
    public ParquetRowEraser(string root, ParquetOfflineOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(options);
        _root = Path.GetFullPath(root);
        _options = options;
    }

    /// <inheritdoc/>
    public Task<(long Rows, long Files)> EraseAsync(
        string folder, string column, Func<string, bool> isErased, IReadOnlyList<string> cleared, (string Column, string Text) mark, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isErased);
        ArgumentNullException.ThrowIfNull(cleared);
        var path = Path.Combine(_root, folder);
        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];
        return Task.Run(
            () =>
            {
                using var session = new DuckDbSession(_options);
                var (rows, written) = (0L, 0L);
                foreach (var file in files)
                {
                    var numbers = Find(session, file, column, isErased, cancellationToken);
                    if (numbers.Count > 0)
                    {
                        Rewrite(session, file, numbers, cleared, mark, cancellationToken);
                        (rows, written) = (rows + numbers.Count, written + 1);
                    }
                }

                return (rows, written);
            },
            cancellationToken);
    }

    private static List<long> Find(DuckDbSession session, string file, string column, Func<string, bool> isErased, CancellationToken cancellationToken)
    {
        var numbers = new List<long>();
        using var rows = session.Query(
            $"SELECT file_row_number, {Sql.Name(column)} FROM {Sql.Scan([file])} WHERE {Sql.Name(column)} IS NOT NULL", cancellationToken);
        while (rows.Read())
        {
            if (isErased(rows.GetString(1)))
            {
                numbers.Add(rows.GetInt64(0));
            }
        }

        return numbers;
    }

    private static void Rewrite(
        DuckDbSession session, string file, List<long> numbers, IReadOnlyList<string> cleared, (string Column, string Text) mark, CancellationToken cancellationToken)
    {
        var isErased = $"file_row_number IN ({string.Join(", ", numbers.Select(Sql.Number))})";
        var columns = session.Describe(Sql.Scan([file]), cancellationToken).Keys.Select(name =>
            name == mark.Column ? $"CASE WHEN {isErased} THEN {Sql.Text(mark.Text)} ELSE {Sql.Name(name)} END AS {Sql.Name(name)}"
            : cleared.Contains(name, StringComparer.Ordinal) ? $"CASE WHEN {isErased} THEN NULL ELSE {Sql.Name(name)} END AS {Sql.Name(name)}"
            : Sql.Name(name));
        var temporary = ParquetFile.TemporaryPathOf(file);
        ParquetFile.WriteQuery(session, $"SELECT {string.Join(", ", columns)} FROM {Sql.Scan([file])}", temporary, null, cancellationToken);
        File.Move(temporary, file, overwrite: true);
    }
}
