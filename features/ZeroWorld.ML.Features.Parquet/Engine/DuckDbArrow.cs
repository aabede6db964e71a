using Apache.Arrow;
using Apache.Arrow.Ipc;
using DuckDB.NET.Data;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The result of one query as Arrow batches, streamed. Owns its connection. Not thread safe.</summary>
internal sealed class DuckDbArrow : IDisposable
{
    private readonly DuckDBConnection _connection;
    private readonly DuckDBCommand _command;
    private readonly IArrowArrayStream _stream;
    private readonly CancellationToken _cancellationToken;

    public DuckDbArrow(DuckDBConnection connection, string statement, CancellationToken cancellationToken)
    {
        _connection = connection;
        _cancellationToken = cancellationToken;
        _command = connection.CreateCommand();
        _command.CommandText = statement;
        _command.UseStreamingMode = true;
        try
        {
            _stream = _command.ExecuteArrowStream();
        }
        catch (DuckDBException exception)
        {
            _command.Dispose();
            connection.Dispose();
            throw DuckDbSession.Translate(exception, cancellationToken);
        }
    }

    public Schema Schema => _stream.Schema;

    /// <returns><see langword="null"/> at the end.</returns>
    public async Task<RecordBatch?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _stream.ReadNextRecordBatchAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DuckDBException exception)
        {
            throw DuckDbSession.Translate(exception, _cancellationToken);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _command.Dispose();
        _connection.Dispose();
    }
}
