using System.Buffers;
using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Columns of a Parquet file of any origin as texts, row by row in the order of the file, in bounded memory.</summary>
/// <remarks>One thread at a time. A number or a time is written as a text; a null is <see langword="null"/>.</remarks>
public sealed class ParquetTexts : IDisposable
{
    private readonly string _path;
    private readonly string[] _names;
    private readonly string[] _columns;
    private readonly bool[] _areBytes;
    private readonly DuckDbSession _session;
    private DuckDbRows? _rows;
    private string _file;
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
        _file = _path;
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

            _names = [.. required, .. optional];
            _areBytes = new bool[_names.Length];
            _columns = [.. _names.Select(column => types.ContainsKey(column) ? $"CAST({Sql.Name(column)} AS VARCHAR)" : "NULL")];
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

    private string Scan => Sql.Scan([_file]);

    /// <summary>Why the row that was read last is none: a text of it is no UTF-8. <see langword="null"/>: it is one.</summary>
    public string? Fault { get; private set; }

    /// <summary>The next row is the one of this number, from 0.</summary>
    public void Seek(long row)
    {
        _place = row;
        try
        {
            Query();
        }
        catch (FeatureException exception) when (IsNoUtf8(exception))
        {
            ReadBytes();
        }
    }

    /// <summary>Reads the next row. A text that is no UTF-8 has U+FFFD where it is none, and <see cref="Fault"/> says so.</summary>
    /// <param name="values">One per column, the required ones first.</param>
    /// <returns>Whether there was a further row.</returns>
    public bool TryRead(Span<string?> values)
    {
        if (_rows is null)
        {
            Seek(0);
        }

        bool isRow;
        try
        {
            isRow = _rows!.Read();
        }
        catch (FeatureException exception) when (IsNoUtf8(exception))
        {
            ReadBytes();
            isRow = _rows!.Read();
        }

        if (!isRow)
        {
            return false;
        }

        _place++;
        Fault = null;
        for (var column = 0; column < _columns.Length; column++)
        {
            values[column] = _rows.IsNull(column) ? null : _areBytes[column] ? Decode(column, _rows.GetBytes(column)) : _rows.GetString(column);
        }

        return true;
    }

    private void Query()
    {
        _rows?.Dispose();
        _rows = null;
        _rows = _session.Query($"SELECT {string.Join(", ", _columns)} FROM {Scan} WHERE file_row_number >= {Sql.Number(_place)}", CancellationToken.None);
    }

    // The engine gives none of the rows that it reads at once with a text that is no UTF-8. From here on it reads a copy in which texts are bytes.
    private void ReadBytes()
    {
        var copy = _session.SpillPath("bytes.parquet");
        ParquetFooter.CopyWithBytesForTexts(_file, copy);
        _file = copy;
        var types = _session.Describe(Scan, CancellationToken.None);
        for (var column = 0; column < _columns.Length; column++)
        {
            _areBytes[column] = types.TryGetValue(_names[column], out var type) && type == "BLOB";
            _columns[column] = _areBytes[column] ? Sql.Name(_names[column]) : _columns[column];
        }

        Query();
    }

    private string Decode(int column, byte[] bytes)
    {
        var place = 0;
        while (place < bytes.Length && Rune.DecodeFromUtf8(bytes.AsSpan(place), out _, out var length) == OperationStatus.Done)
        {
            place += length;
        }

        if (place < bytes.Length)
        {
            Fault ??= string.Create(CultureInfo.InvariantCulture, $"{_names[column]}: byte {place} (0x{bytes[place]:x2}) is no part of a text in UTF-8; expected UTF-8");
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private static bool IsNoUtf8(FeatureException exception) => exception.Message.Contains("Invalid string encoding", StringComparison.Ordinal);

    // As texts of the engine the others would be another text than the one that was meant.
    private static bool IsText(string type) => type != "BLOB" && !type.EndsWith(']') && !type.Contains('(', StringComparison.Ordinal) || type.StartsWith("DECIMAL(", StringComparison.Ordinal) || type.StartsWith("ENUM(", StringComparison.Ordinal);

    public void Dispose()
    {
        _rows?.Dispose();
        _session.Dispose();
    }
}
