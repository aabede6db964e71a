namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds rows in the files that <see cref="ParquetRowSink"/> wrote.</summary>
/// <remarks>Thread safe. A file that a writer is still at is not seen.</remarks>
public sealed class ParquetRowSource : IRowSource
{
    private readonly string _root;
    private readonly ParquetOfflineOptions _options;

    /// <param name="root">The folder of the sink.</param>
    /// <param name="options">What the engine may use while it searches.</param>
    public ParquetRowSource(string root, ParquetOfflineOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(options);
        _root = Path.GetFullPath(root);
        _options = options;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_root, folder);
        return Task.FromResult<IReadOnlyList<string>>(Directory.Exists(path)
            ? [.. Directory.EnumerateDirectories(path).Select(found => Path.GetRelativePath(_root, found).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal)]
            : []);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ParquetRow>> FindAsync(
        IReadOnlyList<string> folders, string column, string value, string orderBy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folders);
        string[] files =
        [
            .. folders.Select(folder => Path.Combine(_root, folder)).Where(Directory.Exists)
                .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.parquet")).Order(StringComparer.Ordinal),
        ];

        // The engine blocks while it reads.
        return files.Length == 0
            ? Task.FromResult<IReadOnlyList<ParquetRow>>([])
            : Task.Run<IReadOnlyList<ParquetRow>>(() => Find(files, column, value, orderBy, cancellationToken), cancellationToken);
    }

    private List<ParquetRow> Find(string[] files, string column, string value, string orderBy, CancellationToken cancellationToken)
    {
        using var session = new DuckDbSession(_options);
        var names = session.Describe(Sql.Scan(files), cancellationToken).Keys.ToArray();
        if (!names.Contains(column, StringComparer.Ordinal) || !names.Contains(orderBy, StringComparer.Ordinal))
        {
            throw new FeatureException(
                FeatureError.CorruptData, $"'{files[0]}' has the columns {string.Join(", ", names)}; expected '{column}' and '{orderBy}' among them.");
        }

        using var found = session.Query(
            $"SELECT {string.Join(", ", names.Select(Sql.Name))} FROM {Sql.Scan(files)} WHERE {Sql.Name(column)} = {Sql.Text(value)} ORDER BY {Sql.Name(orderBy)}",
            cancellationToken);
        var rows = new List<ParquetRow>();
        while (found.Read())
        {
            rows.Add(new ParquetRow(names.Select((name, ordinal) => (name, Value: found.GetObject(ordinal)))
                .ToDictionary(static item => item.name, static item => item.Value, StringComparer.Ordinal)));
        }

        return rows;
    }
}
