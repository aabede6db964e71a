using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The vectors of one query, streamed: the engine's own memory, without a copy. Owns its connection. Not thread safe.</summary>
/// <remarks>Spans and pointers live until the next <see cref="Read"/>.</remarks>
internal sealed class DuckDbVectors : DuckDbChunk, IDisposable
{
    private readonly DuckDBConnection _connection;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private readonly DuckDBPreparedStatement _statement;
    private DuckDBResult _result;
    private DuckDBDataChunk? _chunk;
    private bool _isAtEnd;

    public DuckDbVectors(DuckDBConnection connection, string statement, CancellationToken cancellationToken)
    {
        _connection = connection;
        _cancellationToken = cancellationToken;
        _registration = cancellationToken.Register(
            static state => NativeMethods.Startup.DuckDBInterrupt(((DuckDBConnection)state!).NativeConnection), connection);
        if (NativeMethods.PreparedStatements.DuckDBPrepare(connection.NativeConnection, statement, out _statement) != DuckDBState.Success)
        {
            var error = NativeMethods.PreparedStatements.DuckDBPrepareError(_statement);
            Dispose();
            throw Fail(error, DuckDBErrorType.Invalid);
        }

        if (NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(_statement, out _result) != DuckDBState.Success)
        {
            var (error, type) = (NativeMethods.Query.DuckDBResultError(ref _result), NativeMethods.Query.DuckDBResultErrorType(ref _result));
            Dispose();
            throw Fail(error, type);
        }
    }

    /// <returns><see langword="false"/> at the end, as often as it is asked.</returns>
    /// <exception cref="FeatureException">The engine stopped.</exception>
    public bool Read()
    {
        if (_isAtEnd)
        {
            return false;
        }

        _chunk?.Dispose();
        _chunk = NativeMethods.Query.DuckDBFetchChunk(_result);
        _isAtEnd = _chunk.IsInvalid;
        Hold(_isAtEnd ? null : _chunk);
        if (_isAtEnd)
        {
            var error = NativeMethods.Query.DuckDBResultError(ref _result);
            return string.IsNullOrEmpty(error) ? false : throw Fail(error, NativeMethods.Query.DuckDBResultErrorType(ref _result));
        }

        return true;
    }

    public void Dispose()
    {
        _registration.Dispose();
        _chunk?.Dispose();
        _result.Close();
        _statement?.Dispose();
        _connection.Dispose();
    }

    private Exception Fail(string error, DuckDBErrorType type) => DuckDbSession.Translate(error, type, null, _cancellationToken);
}
