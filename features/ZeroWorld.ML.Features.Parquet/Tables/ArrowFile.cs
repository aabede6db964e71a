using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes the rows of a query as one Arrow IPC stream.</summary>
internal static class ArrowFile
{
    public static bool IsName(string path) =>
        path.EndsWith(".arrow", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".arrows", StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes and flushes the file, in the query's order; on failure nothing is left behind.</summary>
    /// <param name="metadata">Key and value in the stream's schema.</param>
    public static async Task WriteAsync(DuckDbSession session, string query, string path, (string Key, string Value) metadata, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            await using (file.ConfigureAwait(false))
            {
                using var batches = session.QueryArrow(query, cancellationToken);
                var schema = new Schema(batches.Schema.FieldsList, [new KeyValuePair<string, string>(metadata.Key, metadata.Value)]);
                using var writer = new ArrowStreamWriter(file, schema, leaveOpen: true);
                await writer.WriteStartAsync(cancellationToken).ConfigureAwait(false);
                while (await batches.ReadAsync(cancellationToken).ConfigureAwait(false) is { } batch)
                {
                    using (batch)
                    {
                        await writer.WriteRecordBatchAsync(batch, cancellationToken).ConfigureAwait(false);
                    }
                }

                await writer.WriteEndAsync(cancellationToken).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }
}
