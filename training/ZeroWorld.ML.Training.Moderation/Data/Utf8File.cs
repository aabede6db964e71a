using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Whether a file is a text in UTF-8. Pure but for reading it.</summary>
internal static class Utf8File
{
    private const int ReadBytes = 1 << 20;

    /// <summary>Refuses a file with bytes that are no UTF-8; one that begins with the mark of UTF-16 is left to its reader.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: the message names line, byte and its value.</exception>
    public static void Check(string path)
    {
        using var stream = File.OpenRead(path);
        var (buffer, held, line) = (new byte[ReadBytes], 0, 1L);
        for (var isFirst = true; ; isFirst = false)
        {
            var read = stream.Read(buffer, held, buffer.Length - held);
            held += read;
            if (isFirst && buffer.AsSpan(0, held) is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            {
                return;
            }

            // Whole lines: no code point goes over their ends.
            var end = read == 0 ? held : buffer.AsSpan(0, held).LastIndexOf((byte)'\n') + 1;
            var lines = buffer.AsSpan(0, end);
            if (!Utf8.IsValid(lines))
            {
                throw Invalid(path, lines, line);
            }

            if (read == 0)
            {
                return;
            }

            line += lines.Count((byte)'\n');
            buffer.AsSpan(end, held - end).CopyTo(buffer);
            held -= end;
            if (held == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }

    private static TrainingException Invalid(string path, ReadOnlySpan<byte> lines, long line)
    {
        var (place, start) = (0, 0);
        while (Rune.DecodeFromUtf8(lines[place..], out _, out var length) == OperationStatus.Done)
        {
            line += lines[place] == '\n' ? 1 : 0;
            start = lines[place] == '\n' ? place + 1 : start;
            place += length;
        }

        return new TrainingException(
            TrainingError.UnsuitableData,
            $"'{path}', line {line}, byte {place - start + 1}: 0x{lines[place]:X2} is no UTF-8; expected a file in UTF-8 (iconv -f ISO-8859-1 -t UTF-8 makes one of a Latin-1 file).");
    }
}
