namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Reads records of a CSV file as RFC 4180 describes them: commas or another separator, optional quotes, LF or CRLF; blank lines are skipped.</summary>
/// <remarks>A record is bounded, so that a quote which is never closed does not read the whole file. Not thread safe.</remarks>
internal sealed class CsvRecordReader(Stream stream, byte separator)
{
    /// <summary>Bytes of the longest record.</summary>
    public const int RecordLengthMax = 1 << 20;

    private const int BufferLength = 1 << 18;

    private readonly List<Field> _fields = [];
    private byte[] _buffer = new byte[BufferLength];
    private byte[] _scratch = new byte[256];
    private int _start;
    private int _end;
    private bool _isAtEnd;
    private long _linesBefore;
    private int _linesInRecord;

    private enum Outcome
    {
        Record,
        NeedsMore,
        Malformed,
    }

    /// <summary>Line on which the current record begins, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Fields of the current record.</summary>
    public int Count => _fields.Count;

    /// <summary>Whether the file ends behind the current record without a line end.</summary>
    public bool IsUnended { get; private set; }

    /// <summary>What is wrong with the record that could not be read; <see langword="null"/> at the end of the file.</summary>
    public string? Problem { get; private set; }

    /// <returns><see langword="false"/> at the end of the file, or when the record is malformed: then <see cref="Problem"/> says how.</returns>
    public bool Read()
    {
        SkipBlankLines();
        Line = _linesBefore + 1;
        while (true)
        {
            if (_start == _end && _isAtEnd)
            {
                return false;
            }

            switch (Scan())
            {
                case Outcome.Record:
                    _linesBefore += _linesInRecord;
                    return true;
                case Outcome.Malformed:
                    return false;
            }

            if (!Fill())
            {
                Problem = "the record is longer than 1 MiB; a quote may not be closed";
                return false;
            }
        }
    }

    public bool IsQuoted(int index) => _fields[index].IsQuoted;

    /// <summary>Bytes of a field without its quotes; valid until the next call of this or <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Get(int index)
    {
        var field = _fields[index];
        var raw = _buffer.AsSpan(field.Start, field.Length);
        if (!field.HasDoubledQuotes)
        {
            return raw;
        }

        if (_scratch.Length < raw.Length)
        {
            _scratch = new byte[raw.Length];
        }

        var length = 0;
        for (var position = 0; position < raw.Length; position++)
        {
            _scratch[length++] = raw[position];
            position += raw[position] == '"' ? 1 : 0;
        }

        return _scratch.AsSpan(0, length);
    }

    private void SkipBlankLines()
    {
        while (true)
        {
            if (_end - _start < 2 && !_isAtEnd)
            {
                Fill();
            }

            if (_start < _end && _buffer[_start] == '\n')
            {
                _start++;
            }
            else if (_start + 1 < _end && _buffer[_start] == '\r' && _buffer[_start + 1] == '\n')
            {
                _start += 2;
            }
            else
            {
                return;
            }

            _linesBefore++;
        }
    }

    private Outcome Scan()
    {
        _fields.Clear();
        _linesInRecord = 0;
        var position = _start;
        while (true)
        {
            var isQuoted = position < _end && _buffer[position] == '"';
            if (!(isQuoted ? TryScanQuoted(ref position) : TryScanPlain(ref position)))
            {
                return Problem is null ? Outcome.NeedsMore : Outcome.Malformed;
            }

            if (position >= _end || _buffer[position] != separator)
            {
                // The end of the line, or of a file whose last line has no end.
                _linesInRecord++;
                IsUnended = position >= _end;
                _start = Math.Min(_end, position + 1);
                return Outcome.Record;
            }

            position++;
        }
    }

    /// <summary>Stops at the separator or line end after the field.</summary>
    private bool TryScanPlain(ref int position)
    {
        var length = _buffer.AsSpan(position, _end - position).IndexOfAny(separator, (byte)'\n');
        if (length < 0)
        {
            if (!_isAtEnd)
            {
                return false;
            }

            length = _end - position;
        }

        var end = position + length;
        var isLineEnd = end >= _end || _buffer[end] == '\n';
        var trimmed = isLineEnd && length > 0 && _buffer[end - 1] == '\r' ? length - 1 : length;
        _fields.Add(new Field(position, trimmed, false, false));
        position = end;
        return true;
    }

    private bool TryScanQuoted(ref int position)
    {
        var start = position + 1;
        var cursor = start;
        var hasDoubledQuotes = false;
        while (true)
        {
            var length = _buffer.AsSpan(cursor, _end - cursor).IndexOf((byte)'"');
            if (length < 0)
            {
                Problem = _isAtEnd ? "a quote is opened and never closed" : null;
                return false;
            }

            var quote = cursor + length;
            if (quote + 1 >= _end && !_isAtEnd)
            {
                return false;
            }

            if (quote + 1 < _end && _buffer[quote + 1] == '"')
            {
                hasDoubledQuotes = true;
                cursor = quote + 2;
                continue;
            }

            position = quote + 1;
            if (position < _end && _buffer[position] == '\r')
            {
                if (position + 1 >= _end && !_isAtEnd)
                {
                    return false;
                }

                position++;
            }

            if (position < _end && _buffer[position] != separator && _buffer[position] != '\n')
            {
                Problem = "there is text after a closing quote";
                return false;
            }

            _linesInRecord += _buffer.AsSpan(start, quote - start).Count((byte)'\n');
            _fields.Add(new Field(start, quote - start, true, hasDoubledQuotes));
            return true;
        }
    }

    /// <summary>Moves what is left to the front and reads more behind it.</summary>
    private bool Fill()
    {
        var rest = _end - _start;
        if (rest == _buffer.Length)
        {
            if (_buffer.Length >= RecordLengthMax)
            {
                return false;
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        Buffer.BlockCopy(_buffer, _start, _buffer, 0, rest);
        (_start, _end) = (0, rest);
        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _isAtEnd = read == 0;
        return true;
    }

    private readonly record struct Field(int Start, int Length, bool IsQuoted, bool HasDoubledQuotes);
}
