using System.Buffers.Binary;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes a table of the engine as one Parquet file.</summary>
internal static class ParquetFile
{
    private const int MagicLength = 4;

    // What the engine takes by itself where rows are short, and the rows of one of its vectors.
    private const long GroupRowsMax = 122_880;
    private const long GroupRowsMin = 2_048;

    // The engine holds a row group per thread in memory, more than once while it packs it.
    private const long GroupTextBytes = 32L << 20;

    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <summary>A name beside the target that no reader takes for data, and no other writer uses.</summary>
    public static string TemporaryPathOf(string path) => $"{path}.{Guid.NewGuid():N}.tmp";

    /// <summary>Refuses what is no whole Parquet file, by its first and last bytes.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the message names the file and says what it is instead.</exception>
    public static void Require(string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        Span<byte> first = stackalloc byte[MagicLength];
        Span<byte> last = stackalloc byte[sizeof(int) + MagicLength];
        first = first[..RandomAccess.Read(file, first, 0)];
        if (!first.SequenceEqual(Magic))
        {
            throw ImportFailure.File(
                path, $"is no Parquet file: it has {length} bytes and begins with '{ImportFailure.Show(first)}', not with 'PAR1'; expected Parquet ('zwml import' makes a table of a CSV file).");
        }

        if (length < first.Length + last.Length || RandomAccess.Read(file, last, length - last.Length) < last.Length || !last[sizeof(int)..].SequenceEqual(Magic))
        {
            throw ImportFailure.File(path, $"begins as Parquet but does not end so after its {length} bytes: it is cut off, or still being written; expected a whole Parquet file.");
        }

        var footer = BinaryPrimitives.ReadInt32LittleEndian(last);
        if (footer <= 0 || footer > length - first.Length - last.Length)
        {
            throw ImportFailure.File(path, $"is a damaged Parquet file: its end says that its footer has {footer} bytes of {length}; expected a whole Parquet file.");
        }
    }

    /// <summary>A file that <see cref="Require"/> lets pass, but that cannot be read.</summary>
    public static FeatureException Damaged(string path, FeatureException cause) =>
        ImportFailure.File(path, $"begins and ends as Parquet, but cannot be read: it is damaged. {cause.Message}", cause);

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
            var rows = GroupRowsOf(session, query, cancellationToken);
            session.Execute(
                $"COPY ({query}) TO {Sql.Text(Path.GetFullPath(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {Sql.Number(rows)}{footer})", cancellationToken);
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    // By the mean length of texts and lists in all rows, so that the same rows make the same file.
    private static long GroupRowsOf(DuckDbSession session, string query, CancellationToken cancellationToken)
    {
        var lengths = new List<string>();
        using (var columns = session.Query($"DESCRIBE {query}", cancellationToken))
        {
            while (columns.Read())
            {
                if (LengthOf(Sql.Name(columns.GetString(0)), columns.GetString(1)) is { } length)
                {
                    lengths.Add(length);
                }
            }
        }

        if (lengths.Count == 0)
        {
            return GroupRowsMax;
        }

        using var rows = session.Query($"SELECT CAST(ceil(coalesce(avg({string.Join(" + ", lengths)}), 0)) AS BIGINT) FROM ({query})", cancellationToken);
        rows.Read();
        return Math.Clamp(GroupTextBytes / (rows.GetInt64(0) + 1) / GroupRowsMin * GroupRowsMin, GroupRowsMin, GroupRowsMax);
    }

    private static string? LengthOf(string column, string type) => type switch
    {
        "VARCHAR" => $"coalesce(strlen({column}), 0)",
        "BLOB" => $"coalesce(octet_length({column}), 0)",
        "VARCHAR[]" => $"coalesce(strlen(array_to_string({column}, '')), 0)",
        _ when type.EndsWith("[]", StringComparison.Ordinal) => $"coalesce({sizeof(long)} * len({column}), 0)",
        _ => null,
    };
}
