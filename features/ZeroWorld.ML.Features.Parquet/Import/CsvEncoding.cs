using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Refuses a CSV file that is not in UTF-8, before anything else looks at it: what a file in another encoding breaks first says nothing about the encoding.</summary>
internal static class CsvEncoding
{
    private const int ChunkLength = 1 << 20;

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the message names line, column and byte, and what to do; or the file is damaged.</exception>
    public static void Check(string path, CancellationToken cancellationToken)
    {
        try
        {
            CheckWhole(path, cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw ImportFailure.File(path, "is damaged or cut off: it cannot be decompressed.", exception);
        }
    }

    private static void CheckWhole(string path, CancellationToken cancellationToken)
    {
        if (FindWrong(path, cancellationToken) is not { } wrong)
        {
            return;
        }

        if (wrong.Offset == 0 && NameOf(wrong.Bytes) is { } encoding)
        {
            throw ImportFailure.File(path, $"is in {encoding}, as its first bytes say; expected UTF-8. To make that of it: {Command(path, encoding)}.");
        }

        var (line, column) = Place(path, wrong.Offset, cancellationToken);
        var where = string.Create(CultureInfo.InvariantCulture, $"column {column}, byte {wrong.Offset + 1} of the text");
        throw ImportFailure.Record(path, line, wrong.Bytes[0] == 0
            ? $"{where}, is zero; expected a CSV file in UTF-8. If it is in UTF-16 without a mark: {Command(path, "UTF-16LE")}"
            : string.Create(CultureInfo.InvariantCulture, $"{where}, is 0x{wrong.Bytes[0]:X2}, which is no UTF-8; expected a CSV file in UTF-8. If it is in Latin-1 or a Windows encoding: {Command(path, "WINDOWS-1252")}"));
    }

    private static string? NameOf(byte[] first) => first switch
    {
        [0xFF, 0xFE, 0, 0, ..] => "UTF-32",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => "UTF-16",
        _ => null,
    };

    private static string Command(string path, string encoding)
    {
        var name = Path.GetFileName(path);
        return CsvTableFile.IsCompressed(path) ? $"gzip -dc '{name}' | iconv -f {encoding} -t UTF-8 > NEW.csv" : $"iconv -f {encoding} -t UTF-8 '{name}' > NEW.csv";
    }

    private static (long Offset, byte[] Bytes)? FindWrong(string path, CancellationToken cancellationToken)
    {
        using var stream = CsvTableFile.Open(path);
        return Utf8Scan.FindInvalid(stream, refusesZero: true, cancellationToken);
    }

    // Line from 1, and the column by its name where the header has one for it.
    private static (long Line, string Column) Place(string path, long offset, CancellationToken cancellationToken)
    {
        var separator = (byte)CsvStructure.SeparatorOf(path);
        var (line, field, isQuoted) = (1L, 0, false);
        using var stream = CsvTableFile.Open(path);
        var buffer = new byte[ChunkLength];
        for (var (left, isLast) = (offset, false); left > 0 && !isLast;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = (int)Math.Min(left, buffer.Length);
            var read = stream.ReadAtLeast(buffer.AsSpan(0, length), length, throwOnEndOfStream: false);
            isLast = read < length;
            foreach (var value in buffer.AsSpan(0, read))
            {
                isQuoted ^= value == '"';
                line += value == '\n' ? 1 : 0;
                field = isQuoted ? field : value == '\n' ? 0 : value == separator ? field + 1 : field;
            }

            left -= read;
        }

        var names = line > 1 ? CsvStructure.HeaderOf(path, (char)separator) : [];
        return (line, field < names.Count ? $"'{names[field]}'" : (field + 1).ToString(CultureInfo.InvariantCulture));
    }
}
