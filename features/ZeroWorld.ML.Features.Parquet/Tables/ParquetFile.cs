using System.Buffers.Binary;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes a table of the engine as one Parquet file.</summary>
internal static class ParquetFile
{
    private const int MagicLength = 4;

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
