namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes events as one more file of a table.</summary>
internal static class TableAppender
{
    public static void Append(
        DuckDbSession session, TableFolder tables, string project, string table, IReadOnlyList<EventColumn> columns, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Staging = "staging";
        var buffers = columns.Select(static column => new ColumnBuffer(column.Name, ColumnTypes.KindOf(column.Type))).ToArray();
        var rows = columns[0].Values.Count;
        using (var writer = new DuckDbTableWriter(session, Staging, buffers))
        {
            for (var from = 0; from < rows; from += ColumnBuffer.BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(ColumnBuffer.BlockRows, rows - from);
                for (var index = 0; index < buffers.Length; index++)
                {
                    for (var row = 0; row < count; row++)
                    {
                        buffers[index].Set(row, columns[index].Values[from + row]);
                    }
                }

                writer.Append(buffers, count);
            }

            writer.Complete();
        }

        var target = tables.NewFile(project, table, TableFolder.StreamPrefix, now);
        var temporary = ParquetFile.TemporaryPathOf(target);
        ParquetFile.Write(session, Staging, temporary, null, cancellationToken);
        File.Move(temporary, target);
    }
}
