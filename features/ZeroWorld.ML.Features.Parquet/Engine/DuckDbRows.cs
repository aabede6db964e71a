using DuckDB.NET.Data;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of one query, streamed. Owns its connection. Not thread safe.</summary>
internal sealed class DuckDbRows : IDisposable
{
    private readonly DuckDBConnection _connection;
    private readonly DuckDBCommand _command;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private readonly DuckDBDataReader _reader;
    private bool _isAtEnd;

    public DuckDbRows(DuckDBConnection connection, string statement, CancellationToken cancellationToken)
    {
        _connection = connection;
        _cancellationToken = cancellationToken;
        _command = connection.CreateCommand();
        _command.CommandText = statement;
        _command.UseStreamingMode = true;
        _registration = cancellationToken.Register(static state => ((DuckDBCommand)state!).Cancel(), _command);
        try
        {
            _reader = _command.ExecuteReader();
            _isAtEnd = !_reader.HasRows;
        }
        catch (DuckDBException exception)
        {
            Close();
            throw DuckDbSession.Translate(exception, cancellationToken);
        }
    }

    public bool Read()
    {
        // The driver throws where a streamed result without rows is read, or is read on behind its end.
        if (_isAtEnd)
        {
            return false;
        }

        try
        {
            _isAtEnd = !_reader.Read();
            return !_isAtEnd;
        }
        catch (DuckDBException exception)
        {
            throw DuckDbSession.Translate(exception, _cancellationToken);
        }
    }

    public bool IsNull(int ordinal) => _reader.IsDBNull(ordinal);

    public bool GetBool(int ordinal) => _reader.GetBoolean(ordinal);

    public long GetInt64(int ordinal) => _reader.GetInt64(ordinal);

    public float GetFloat(int ordinal) => _reader.GetFloat(ordinal);

    public double GetDouble(int ordinal) => _reader.GetDouble(ordinal);

    public string GetString(int ordinal) => _reader.GetString(ordinal);

    /// <summary>A value as the engine's client gives it: lists of nullable elements; bytes copied, since their memory is the engine's.</summary>
    public object? GetObject(int ordinal)
    {
        if (IsNull(ordinal))
        {
            return null;
        }

        // The client refuses a null element unless the type asked for has room for it.
        var type = _reader.GetFieldType(ordinal);
        return type switch
        {
            _ when type == typeof(Stream) => GetBytes(ordinal),
            _ when type == typeof(List<double>) => _reader.GetFieldValue<List<double?>>(ordinal),
            _ when type == typeof(List<long>) => _reader.GetFieldValue<List<long?>>(ordinal),
            _ when type == typeof(List<int>) => _reader.GetFieldValue<List<int?>>(ordinal),
            _ when type == typeof(List<bool>) => _reader.GetFieldValue<List<bool?>>(ordinal),
            _ => _reader.GetValue(ordinal),
        };
    }

    /// <summary>A list without null elements.</summary>
    public List<T> GetList<T>(int ordinal) => _reader.GetFieldValue<List<T>>(ordinal);

    public byte[] GetBytes(int ordinal)
    {
        using var stream = _reader.GetStream(ordinal);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A value of a column that <see cref="ColumnTypes.Convert"/> made: timestamps are BIGINT microseconds.</summary>
    public FeatureValue GetValue(int ordinal, FeatureType type) => IsNull(ordinal)
        ? FeatureValue.Null(type)
        : type switch
        {
            FeatureType.Bool => FeatureValue.FromBool(GetBool(ordinal)),
            FeatureType.Int64 => FeatureValue.FromInt64(GetInt64(ordinal)),
            FeatureType.Float32 => FeatureValue.FromFloat32(GetFloat(ordinal)),
            FeatureType.Float64 => FeatureValue.FromFloat64(GetDouble(ordinal)),
            FeatureType.String => FeatureValue.FromString(GetString(ordinal)),
            FeatureType.Bytes => FeatureValue.FromBytes(GetBytes(ordinal)),
            FeatureType.Timestamp => FeatureValue.FromTimestamp(GetInt64(ordinal)),
            FeatureType.Int64List => FeatureValue.FromInt64List([.. GetList<long>(ordinal)]),
            FeatureType.Float64List => FeatureValue.FromFloat64List([.. GetList<double>(ordinal)]),
            FeatureType.StringList => FeatureValue.FromStringList([.. GetList<string>(ordinal)]),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
        };

    public void Dispose()
    {
        _reader.Dispose();
        Close();
    }

    private void Close()
    {
        _registration.Dispose();
        _command.Dispose();
        _connection.Dispose();
    }
}
