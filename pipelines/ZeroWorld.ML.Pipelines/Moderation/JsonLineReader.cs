using System.Text;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Lines of a file as bytes, each up to <see cref="LineBytesMax"/>, which end with LF or CR LF; a last line without its end counts. A byte order mark before the first is none of it.</summary>
internal sealed class JsonLineReader(FileStream stream)
{
    /// <summary>Longest line: a text of the longest kind, escaped.</summary>
    public const int LineBytesMax = 128 << 20;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isEnd;

    /// <summary>Where the next line begins.</summary>
    public long Position => stream.Position - (_end - _start);

    /// <summary>The line is valid until the next call.</summary>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        var isFirst = Position == 0;
        if (!TryReadLine(out line))
        {
            return false;
        }

        var start = isFirst && line.Span.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        line = line[start..(line.Length > start && line.Span[^1] == (byte)'\r' ? ^1 : ^0)];
        return true;
    }

    private bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        var scanned = 0;
        while (true)
        {
            var at = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                line = _buffer.AsMemory(_start, scanned + at);
                _start += scanned + at + 1;
                return true;
            }

            scanned = _end - _start;
            if (_isEnd)
            {
                line = _buffer.AsMemory(_start, scanned);
                _start = _end;
                return scanned > 0;
            }

            Fill();
        }
    }

    private void Fill()
    {
        var length = _end - _start;
        if (length == _buffer.Length)
        {
            if (length >= LineBytesMax)
            {
                throw new TrainingException(TrainingError.UnsuitableData, $"input: a line at byte {Position} is longer than {LineBytesMax} bytes; expected one item a line.");
            }

            Array.Resize(ref _buffer, length * 2);
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, length).CopyTo(_buffer);
            (_start, _end) = (0, length);
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _isEnd = read == 0;
        _end += read;
    }
}
