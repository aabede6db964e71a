namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Columns of a Parquet file of any origin as texts, row by row in the order of the file, in bounded memory.</summary>
/// <remarks>One thread at a time. A number or a time is written as a text; a null is <see langword="null"/>.</remarks>
public sealed class ParquetTexts : IDisposable
{
    private readonly string _path;
    private readonly string[] _columns;
    private readonly DuckDbSession _session;
    private DuckDbRows? _rows;
    private long _place;

    /// <param name="path">The file.</param>
    /// <param name="required">Columns that must be there.</param>
    /// <param name="optional">Columns that are read as nulls where they are not.</param>
    /// <param name="options">What the engine may use.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the file is no Parquet file, a column is absent, or holds bytes, lists or objects; the message names it.</exception>
    public ParquetTexts(string path, IReadOnlyList<string> required, IReadOnlyList<string> optional, ParquetOfflineOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(required);
        ArgumentNullException.ThrowIfNull(optional);
        ArgumentNullException.ThrowIfNull(options);
        _path = Path.GetFullPath(path);
        _session = new DuckDbSession(options);
        try
        {
            ParquetFile.Require(_path);
            var types = _session.Describe(Scan, CancellationToken.None);
            foreach (var column in required)
            {
                if (!types.ContainsKey(column))
                {
                    throw ImportFailure.MissingColumn(_path, column, types.Keys);
                }
            }

            foreach (var column in required.Concat(optional))
            {
                if (types.TryGetValue(column, out var type) && !IsText(type))
                {
                    throw ImportFailure.File(_path, $"has {type} in column '{column}'; expected texts, which Parquet marks as strings, or numbers.");
                }
            }

            _columns = [.. required.Concat(optional).Select(column => types.ContainsKey(column) ? $"CAST({Sql.Name(column)} AS VARCHAR)" : "NULL")];
            using var rows = _session.Query($"SELECT count(*) FROM {Scan}", CancellationToken.None);
            rows.Read();
            Count = rows.GetInt64(0);
        }
        catch (FeatureException exception) when (!exception.Message.StartsWith("File '", StringComparison.Ordinal))
        {
            _session.Dispose();
            throw ParquetFile.Damaged(_path, exception);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <summary>Rows of the file.</summary>
    public long Count { get; }

    private string Scan => Sql.Scan([_path]);

    /// <summary>The next row is the one of this number, from 0.</summary>
    public void Seek(long row)
    {
        _rows?.Dispose();
        _place = row;
        _rows = _session.Query($"SELECT {string.Join(", ", _columns)} FROM {Scan} WHERE file_row_number >= {Sql.Number(row)}", CancellationToken.None);
    }

    /// <param name="values">One per column, the required ones first.</param>
    /// <returns>Whether there was a further row.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a text is no UTF-8; the engine reads many rows at once, and the message names the first of them.</exception>
    public bool TryRead(Span<string?> values)
    {
        try
        {
            if (_rows is null)
            {
                Seek(0);
            }

            if (!_rows!.Read())
            {
                return false;
            }
        }
        catch (FeatureException exception) when (exception.Message.Contains("Invalid string encoding", StringComparison.Ordinal))
        {
            throw ImportFailure.File(_path, $"has a text that is no UTF-8, in one of the rows from {Sql.Number(_place + 1)} on; expected UTF-8.");
        }

        _place++;

        for (var column = 0; column < _columns.Length; column++)
        {
            values[column] = _rows.IsNull(column) ? null : _rows.GetString(column);
        }

        return true;
    }

    // As texts of the engine the others would be another text than the one that was meant.
    private static bool IsText(string type) => type != "BLOB" && !type.EndsWith(']') && !type.Contains('(', StringComparison.Ordinal) || type.StartsWith("DECIMAL(", StringComparison.Ordinal) || type.StartsWith("ENUM(", StringComparison.Ordinal);

    public void Dispose()
    {
        _rows?.Dispose();
        _session.Dispose();
    }
}
