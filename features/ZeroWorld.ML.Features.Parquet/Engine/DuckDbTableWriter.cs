using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Appends blocks of columns to a table of the engine, vector by vector.</summary>
/// <remarks>Not thread safe. Rows keep their order: one writer, one table.</remarks>
internal sealed unsafe class DuckDbTableWriter : IDisposable
{
    private readonly DuckDBLogicalType[] _types;
    private readonly DuckDBAppender _appender;
    private readonly DuckDBDataChunk _chunk;

    /// <param name="session">Outlives the writer.</param>
    /// <param name="table">Made here; must not exist.</param>
    /// <param name="columns">Names and kinds of the columns.</param>
    public DuckDbTableWriter(DuckDbSession session, string table, IReadOnlyList<ColumnBuffer> columns)
    {
        session.Execute(
            $"CREATE TABLE {Sql.Name(table)} ({string.Join(", ", columns.Select(static column => $"{Sql.Name(column.Name)} {ColumnTypes.EngineNameOf(column.Kind)}"))})",
            CancellationToken.None);
        _types = [.. columns.Select(static column => ColumnVectors.TypeOf(column.Kind))];
        var state = NativeMethods.Appender.DuckDBAppenderCreate(session.NativeConnection, null!, table, out _appender);
        Check(state);
        _chunk = NativeMethods.DataChunks.DuckDBCreateDataChunk(
            [.. _types.Select(static type => type.DangerousGetHandle())], (ulong)_types.Length);
    }

    /// <summary>Appends the first <paramref name="rows"/> rows of buffers of the table's columns.</summary>
    public void Append(IReadOnlyList<ColumnBuffer> columns, int rows)
    {
        for (var offset = 0; offset < rows; offset += DuckDbVectors.RowsMax)
        {
            var count = Math.Min(DuckDbVectors.RowsMax, rows - offset);
            NativeMethods.DataChunks.DuckDBDataChunkReset(_chunk);
            for (var index = 0; index < columns.Count; index++)
            {
                ColumnVectors.Fill(NativeMethods.DataChunks.DuckDBDataChunkGetVector(_chunk, index), columns[index], offset, count);
            }

            _ = NativeMethods.DataChunks.DuckDBDataChunkSetSize(_chunk, (ulong)count);
            Check(NativeMethods.Appender.DuckDBAppendDataChunk(_appender, _chunk));
        }
    }

    /// <summary>Hands the last rows to the table.</summary>
    public void Complete() => Check(NativeMethods.Appender.DuckDBAppenderClose(_appender));

    public void Dispose()
    {
        _chunk.Dispose();
        _appender.Dispose();
        foreach (var type in _types)
        {
            type.Dispose();
        }
    }

    private void Check(DuckDBState state)
    {
        if (state != DuckDBState.Success)
        {
            using var error = NativeMethods.Appender.DuckDBAppenderErrorData(_appender);
            throw new FeatureException(
                FeatureError.StoreUnavailable,
                $"The engine could not take rows: {DuckDbSession.FirstLineOf(NativeMethods.ErrorData.DuckDBErrorDataMessage(error))}");
        }
    }
}
