using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Whether a file is a text in UTF-8. Pure but for reading it.</summary>
internal static class Utf8File
{
    private const int ReadBytes = 1 << 16;

    /// <summary>Refuses a file with bytes that are no UTF-8; one that begins with the mark of UTF-16 is left to its reader.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: the message names line, byte and its value.</exception>
    public static void Check(string path)
    {
        using var stream = File.OpenRead(path);
        if (Utf8Scan.FindInvalid(stream, refusesZero: false, CancellationToken.None) is not { } wrong || (wrong.Offset == 0 && wrong.Bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]))
        {
            return;
        }

        var (line, place) = Place(stream, wrong.Offset);
        throw new TrainingException(
            TrainingError.UnsuitableData,
            $"'{path}', line {line}, byte {place}: 0x{wrong.Bytes[0]:X2} is no UTF-8; expected a file in UTF-8 (iconv -f ISO-8859-1 -t UTF-8 makes one of a Latin-1 file).");
    }

    // Line, and byte in it, both from 1.
    private static (long Line, long Place) Place(FileStream stream, long offset)
    {
        var (line, start, buffer) = (1L, 0L, new byte[ReadBytes]);
        stream.Position = 0;
        for (var before = 0L; before < offset;)
        {
            var bytes = buffer.AsSpan(0, (int)Math.Min(offset - before, buffer.Length));
            stream.ReadExactly(bytes);
            line += bytes.Count((byte)'\n');
            start = bytes.LastIndexOf((byte)'\n') is >= 0 and var last ? before + last + 1 : start;
            before += bytes.Length;
        }

        return (line, offset - start + 1);
    }
}
