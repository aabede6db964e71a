namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Holds the files of one table to one schema: the engine would take the first file's, and cast or fill what differs.</summary>
internal static class FileSchemas
{
    /// <param name="columns">The columns that are read.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidInput"/>: a file has a column twice, lacks one, or has another type for it than the first file. The message names file and column.
    /// </exception>
    public static void Check(DuckDbSession session, IReadOnlyList<string> files, IEnumerable<string> columns, CancellationToken cancellationToken)
    {
        var schemas = Read(session, files, cancellationToken);
        var needed = columns.Distinct(StringComparer.Ordinal).ToList();
        Dictionary<string, string>? first = null;
        foreach (var (file, names) in schemas)
        {
            var types = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var (name, type) in names)
            {
                if (!types.TryAdd(name, type))
                {
                    throw ImportFailure.File(file, $"has the column '{name}' twice (case does not count); expected each name once.");
                }
            }

            first ??= types;
            foreach (var column in needed)
            {
                // What no file has is told by whoever needs it, with the names there are.
                if (first.TryGetValue(column, out var expected) && !types.TryGetValue(column, out var type))
                {
                    throw ImportFailure.File(file, $"has no column '{column}', which '{Path.GetFileName(schemas[0].File)}' of the same table has; expected one schema in all files of a table.");
                }
                else if (expected is not null && types[column] != expected)
                {
                    throw ImportFailure.File(
                        file, $"has column '{column}' as {types[column]}, '{Path.GetFileName(schemas[0].File)}' of the same table as {expected}; expected one type in all files of a table.");
                }
                else if (expected is null && types.ContainsKey(column))
                {
                    throw ImportFailure.File(
                        schemas[0].File, $"has no column '{column}', which '{Path.GetFileName(file)}' of the same table has; expected one schema in all files of a table.");
                }
            }
        }
    }

    private static List<(string File, List<(string Name, string Type)> Columns)> Read(
        DuckDbSession session, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var schemas = new List<(string File, List<(string, string)> Columns)>();
        using var rows = session.Query(
            $"""
            SELECT file_name, name, coalesce(num_children, 0)::BIGINT, concat_ws(' ', type, type_length, converted_type, scale, precision, logical_type)
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
                schemas.Add((file, []));
                below = 0;
                continue;
            }

            if (below == 0)
            {
                schemas[^1].Columns.Add((name, children > 0 ? "a nested type" : type));
                below = children;
            }
            else
            {
                below += children - 1;
            }
        }

        return schemas;
    }
}
