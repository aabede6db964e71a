using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Records of a .csv or .csv.gz file behind its header line, each with as many values as the header has columns.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class CsvTableFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly Stream _stream;
    private readonly CsvRecordReader _reader;

    /// <param name="columns">Names of the columns that are expected, for what is said of an empty file; none: any.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: there is no header, or the file is damaged.</exception>
    public CsvTableFile(string path, IEnumerable<string> columns, char separator = ',')
    {
        _path = path;
        _file = OpenFile(path);
        _stream = Decompress(path, _file);
        _reader = new CsvRecordReader(_stream, (byte)separator);
        try
        {
            Names = ReadHeader(columns);
        }
        catch
        {
            // Nobody holds this object yet who could close the file.
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>Names of the columns in the order of the file; one that has none is an empty text.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Line on which the record at hand begins, from 1.</summary>
    public long Line => _reader.Line;

    /// <summary>Which part of the file's bytes is read, 0 to 1.</summary>
    public double Share => (double)_file.Position / _file.Length;

    /// <summary>The bytes of the text, decompressed where the name says that they are not.</summary>
    public static Stream Open(string path) => Decompress(path, OpenFile(path));

    public static bool IsCompressed(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the record or the file is damaged.</exception>
    /// <returns><see langword="false"/> at the end.</returns>
    public bool Read()
    {
        if (!ReadRecord())
        {
            return false;
        }

        return _reader.Count == Names.Count ? true : throw OrDamaged(ImportFailure.Record(_path, Line, _reader.Count < Names.Count
            ? $"there are {_reader.Count} values where the header has {Names.Count} columns; column '{Names[_reader.Count]}' has none"
            : $"there are {_reader.Count} values where the header has {Names.Count} columns; the first too many is '{ImportFailure.Show(_reader.Get(Names.Count))}'"));
    }

    /// <summary>Bytes of a value without its quotes; valid until the next call of this or <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Get(int position) => _reader.Get(position);

    public bool IsQuoted(int position) => _reader.IsQuoted(position);

    /// <summary>Whether the file may have been cut off amid the value: it ends behind it, with neither a line end nor a quote.</summary>
    public bool MayBeCut(int position) => _reader.IsUnended && position == Names.Count - 1 && !_reader.IsQuoted(position);

    /// <summary>Where a column is.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: nowhere, or more than once.</exception>
    public int PositionOf(string name)
    {
        string[] names = [.. Names];
        var position = Array.IndexOf(names, name);
        if (position < 0)
        {
            throw ImportFailure.MissingColumn(_path, name, names);
        }

        return Array.LastIndexOf(names, name) == position
            ? position
            : throw ImportFailure.File(_path, $"has the column '{name}' more than once in its header.");
    }

    /// <summary>A bad record is often only the end of a file that was cut off: that is then what to say.</summary>
    public FeatureException OrDamaged(FeatureException failure)
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

    public void Dispose() => _stream.Dispose();

    private string[] ReadHeader(IEnumerable<string> columns)
    {
        if (!ReadRecord())
        {
            var expected = string.Join(", ", columns);
            throw ImportFailure.File(_path, expected.Length == 0 ? "is empty; expected a header line." : $"is empty; expected a header line with the columns {expected}.");
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

        return names;
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

    private static FileStream OpenFile(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);

    private static Stream Decompress(string path, FileStream file) => IsCompressed(path) ? new WholeGzipStream(file) : file;

    private FeatureException Damaged(InvalidDataException exception) =>
        ImportFailure.File(_path, $"is damaged or cut off: it cannot be decompressed behind line {_reader.Line}.", exception);
}
