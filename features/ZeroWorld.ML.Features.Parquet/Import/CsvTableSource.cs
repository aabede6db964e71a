using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Fills blocks of columns from a .csv or .csv.gz file.</summary>
internal sealed class CsvTableSource : IDisposable
{
    private readonly string _path;
    private readonly IReadOnlyList<OfflineColumn> _declared;
    private readonly bool[] _notNull;
    private readonly CsvValueParser _parser;
    private readonly Stream _stream;
    private readonly CsvRecordReader _reader;

    public CsvTableSource(TableImport import, bool[] notNull)
    {
        _path = import.Path;
        _declared = import.Columns;
        _notNull = notNull;
        _parser = new CsvValueParser(SourceZone.Parse(import.TimeZone));
        var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        _stream = _path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new WholeGzipStream(file) : file;
        _reader = new CsvRecordReader(_stream);
    }

    /// <summary>Fills the buffers block after block; each number is the rows of one block.</summary>
    public IEnumerable<int> ReadBlocks(ColumnBuffer[] columns, CancellationToken cancellationToken)
    {
        var (positions, names) = ReadHeader();
        var rows = 0;
        while (ReadRecord())
        {
            SetRow(columns, positions, names, rows++);
            if (rows == ColumnBuffer.BlockRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return rows;
                rows = 0;
            }
        }

        if (rows > 0)
        {
            yield return rows;
        }
    }

    public void Dispose() => _stream.Dispose();

    private (int[] Positions, string[] Names) ReadHeader()
    {
        if (!ReadRecord())
        {
            throw ImportFailure.File(_path, $"is empty; expected a header line with the columns {string.Join(", ", _declared.Select(static column => column.Name))}.");
        }

        var names = new string[_reader.Count];
        for (var index = 0; index < names.Length; index++)
        {
            var name = _reader.Get(index);
            if (!Utf8.IsValid(name) || name.Contains((byte)0))
            {
                throw ImportFailure.File(_path, "is no text in UTF-8; expected a CSV file with a header line.");
            }

            name = index == 0 && name.StartsWith("\uFEFF"u8) ? name[3..] : name;
            names[index] = Encoding.UTF8.GetString(name).Trim();
        }

        var positions = new int[_declared.Count];
        for (var index = 0; index < positions.Length; index++)
        {
            var name = _declared[index].Name;
            positions[index] = Array.IndexOf(names, name);
            if (positions[index] < 0)
            {
                throw ImportFailure.MissingColumn(_path, name, names);
            }

            if (Array.LastIndexOf(names, name) != positions[index])
            {
                throw ImportFailure.File(_path, $"has the column '{name}' more than once in its header.");
            }
        }

        return (positions, names);
    }

    private bool ReadRecord()
    {
        try
        {
            if (_reader.Read())
            {
                return true;
            }
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(exception);
        }

        return _reader.Problem is { } problem ? throw OrDamaged(ImportFailure.Record(_path, _reader.Line, problem)) : false;
    }

    private void SetRow(ColumnBuffer[] columns, int[] positions, string[] names, int row)
    {
        if (_reader.Count != names.Length)
        {
            throw OrDamaged(ImportFailure.Record(_path, _reader.Line, _reader.Count < names.Length
                ? $"there are {_reader.Count} values where the header has {names.Length} columns; column '{names[_reader.Count]}' has none"
                : $"there are {_reader.Count} values where the header has {names.Length} columns; the first too many is '{ImportFailure.Show(_reader.Get(names.Length))}'"));
        }

        for (var index = 0; index < columns.Length; index++)
        {
            var position = positions[index];
            if (_parser.TrySet(_reader.Get(position), _reader.IsQuoted(position), columns[index], row) is { } expected)
            {
                throw OrDamaged(ImportFailure.Value(_path, "line", _reader.Line, columns[index].Name, _reader.Get(position), expected));
            }

            if (_notNull[index] && columns[index].Nulls[row])
            {
                throw OrDamaged(ImportFailure.NoValue(_path, "line", _reader.Line, columns[index].Name, _declared[index].Type));
            }
        }
    }

    /// <summary>A bad record is often only the end of a file that was cut off: that is then what to say.</summary>
    private FeatureException OrDamaged(FeatureException failure)
    {
        try
        {
            _stream.CopyTo(Stream.Null);
            return failure;
        }
        catch (InvalidDataException exception)
        {
            return Damaged(exception);
        }
    }

    private FeatureException Damaged(InvalidDataException exception) =>
        ImportFailure.File(_path, $"is damaged or cut off: it cannot be decompressed behind line {_reader.Line}.", exception);
}
