namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes a table of the engine as one Parquet file.</summary>
internal static class ParquetFile
{
    /// <summary>A name beside the target that no reader takes for data, and no other writer uses.</summary>
    public static string TemporaryPathOf(string path) => $"{path}.{Guid.NewGuid():N}.tmp";

    /// <summary>Writes and flushes the file, in the table's order; on failure nothing is left behind.</summary>
    /// <param name="metadata">Key and value in the file's footer; <see langword="null"/>: none.</param>
    public static void Write(DuckDbSession session, string table, string path, (string Key, string Value)? metadata, CancellationToken cancellationToken) =>
        WriteQuery(session, $"FROM {Sql.Name(table)}", path, metadata, cancellationToken);

    /// <summary>As <see cref="Write"/>, the rows of a query.</summary>
    public static void WriteQuery(
        DuckDbSession session, string query, string path, (string Key, string Value)? metadata, CancellationToken cancellationToken)
    {
        var footer = metadata is { } entry ? $", KV_METADATA {{{Sql.Text(entry.Key)}: {Sql.Text(entry.Value)}}}" : string.Empty;
        try
        {
            session.Execute(
                $"COPY ({query}) TO {Sql.Text(Path.GetFullPath(path))} (FORMAT parquet, COMPRESSION zstd{footer})", cancellationToken);
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }
}
