namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The columns of one Parquet file, as its footer has them.</summary>
/// <param name="File">Full path.</param>
/// <param name="Columns">Top-level columns by name (case does not count) with their engine types; <see cref="Nested"/> for what has children.</param>
internal sealed record FileSchema(string File, Dictionary<string, string> Columns)
{
    public const string Nested = "a nested type";

    public string Name => Path.GetFileName(File);

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a file cannot be read, or has a column twice.</exception>
    public static List<FileSchema> Read(DuckDbSession session, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            ParquetFile.Require(file);
        }

        var schemas = new List<FileSchema>();
        using var rows = session.Query(
            $"""
            SELECT file_name, name, coalesce(num_children, 0)::BIGINT, coalesce(duckdb_type, '')
            FROM parquet_schema({Sql.List(files)})
            """,
            cancellationToken);

        // Each file as its tree, root first: of a nested column, only the top counts.
        var below = 0L;
        while (rows.Read())
        {
            var (file, name, children, type) = (rows.GetString(0), rows.GetString(1), rows.GetInt64(2), rows.GetString(3));
            if (schemas.Count == 0 || schemas[^1].File != file)
            {
                schemas.Add(new FileSchema(file, new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)));
                below = 0;
                continue;
            }

            if (below > 0)
            {
                below += children - 1;
                continue;
            }

            below = children;
            if (!schemas[^1].Columns.TryAdd(name, children > 0 ? Nested : type))
            {
                throw ImportFailure.File(file, $"has the column '{name}' twice (case does not count); expected each name once.");
            }
        }

        return schemas;
    }
}
