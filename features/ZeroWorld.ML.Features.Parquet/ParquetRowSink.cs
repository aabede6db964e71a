using Parquet;
using Parquet.Schema;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes files of rows as Parquet (zstd), one row group each; lists per row become LIST columns.</summary>
/// <remarks>Writes on the caller's thread and blocks it. Not thread safe: one writer loop owns a sink.</remarks>
public sealed class ParquetRowSink : IRowSink
{
    private readonly string _root;

    /// <param name="root">Folder that all paths are relative to; made when the first file is.</param>
    public ParquetRowSink(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        _root = Path.GetFullPath(root);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The path leaves the root, or the columns are of unequal length or of a type that is not listed.</exception>
    public async Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(columns);
        var target = Path.GetFullPath(Path.Combine(_root, path));
        if (!target.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new ArgumentException($"Path '{path}' leaves the folder of the sink.", nameof(path));
        }

        var rows = columns.Count > 0 ? columns[0].Rows : throw new ArgumentException("A file has at least one column.", nameof(columns));
        if (columns.FirstOrDefault(column => column.Rows != rows) is { } uneven)
        {
            throw new ArgumentException($"Column '{uneven.Name}' has {uneven.Rows} rows; expected {rows}.", nameof(columns));
        }

        SinkField[] fields = [.. columns.Select(SinkField.Create)];
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var temporary = ParquetFile.TemporaryPathOf(target);
        try
        {
            await WriteAsync(temporary, fields, cancellationToken).ConfigureAwait(false);
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static async Task WriteAsync(string path, SinkField[] fields, CancellationToken cancellationToken)
    {
        var schema = new ParquetSchema(fields.Select(static field => field.Field));
        var options = new ParquetOptions
        {
            CompressionMethod = CompressionMethod.Zstd,
            CompressionLevel = System.IO.Compression.CompressionLevel.Fastest,
        };
        var leaves = schema.GetDataFields();
        for (var index = 0; index < fields.Length; index++)
        {
            if (fields[index].HasDictionary)
            {
                options.ColumnEncodingHints[leaves[index].Path.ToString()] = EncodingHint.Dictionary;
            }
        }

        var file = new BlockingFileStream(path);
        await using (file.ConfigureAwait(false))
        {
            var writer = await ParquetWriter.CreateAsync(schema, file, options, cancellationToken: cancellationToken).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                using var group = writer.CreateRowGroup();
                for (var index = 0; index < fields.Length; index++)
                {
                    await fields[index].WriteAsync(group, leaves[index], cancellationToken).ConfigureAwait(false);
                }

                group.CompleteValidate();
            }

            file.Flush(flushToDisk: true);
        }
    }
}
