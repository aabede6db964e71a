namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes a table of the engine as one Parquet file.</summary>
internal static class ParquetFile
{
    /// <summary>Rows of a row group, as the engine has it where nobody says.</summary>
    public const int GroupRows = 122_880;

    /// <summary>How hard files are packed that are kept: the engine's default.</summary>
    private const int StoredLevel = 3;

    /// <summary>A name beside the target that no reader takes for data, and no other writer uses.</summary>
    public static string TemporaryPathOf(string path) => $"{path}.{Guid.NewGuid():N}.tmp";

    /// <summary>Writes and flushes the file, in the table's order; on failure nothing is left behind.</summary>
    /// <param name="metadata">Key and value in the file's footer; <see langword="null"/>: none.</param>
    public static void Write(DuckDbSession session, string table, string path, (string Key, string Value)? metadata, CancellationToken cancellationToken) =>
        WriteQuery(session, $"FROM {Sql.Name(table)}", path, metadata, cancellationToken);

    /// <summary>As <see cref="Write"/>, the rows of a query.</summary>
    /// <param name="groupRows">Rows of a row group: what is encoded together, and held until then.</param>
    /// <param name="level">How hard zstd packs, 1 or more.</param>
    public static void WriteQuery(
        DuckDbSession session, string query, string path, (string Key, string Value)? metadata, CancellationToken cancellationToken, int groupRows = GroupRows, int level = StoredLevel)
    {
        var footer = metadata is { } entry ? $", KV_METADATA {{{Sql.Text(entry.Key)}: {Sql.Text(entry.Value)}}}" : string.Empty;
        try
        {
            session.Execute(
                $"COPY ({query}) TO {Sql.Text(Path.GetFullPath(path))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level}, ROW_GROUP_SIZE {groupRows}{footer})", cancellationToken);
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
