using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

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

    /// <returns>Where the first byte is that is no part of a text in UTF-8, from 0, and up to four bytes from there on; <see langword="null"/> where all are.</returns>
    private static (long Offset, byte[] Bytes)? FindWrong(string path, CancellationToken cancellationToken)
    {
        using var stream = CsvTableFile.Open(path);
        var (buffer, texts) = (ArrayPool<byte>.Shared.Rent(ChunkLength), ArrayPool<char>.Shared.Rent(ChunkLength));
        try
        {
            // A character may be cut by the end of a chunk: its bytes wait for the next.
            for (var (before, kept, isLast) = (0L, 0, false); !isLast;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = Read(stream, buffer.AsSpan(kept, ChunkLength - kept), out isLast);
                var chunk = buffer.AsSpan(0, kept + read);
                var status = Utf8.ToUtf16(chunk, texts, out var valid, out _, replaceInvalidSequences: false, isFinalBlock: isLast);
                var zero = chunk[..valid].IndexOf((byte)0);
                if (zero >= 0 || status == OperationStatus.InvalidData)
                {
                    var place = zero >= 0 ? zero : valid;
                    return (before + place, chunk[place..Math.Min(chunk.Length, place + 4)].ToArray());
                }

                chunk[valid..].CopyTo(buffer);
                (before, kept) = (before + valid, chunk.Length - valid);
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<char>.Shared.Return(texts);
        }
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
            var read = Read(stream, buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), out isLast);
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

    private static int Read(Stream stream, Span<byte> target, out bool isLast)
    {
        var length = 0;
        for (isLast = false; length < target.Length && !isLast;)
        {
            var read = stream.Read(target[length..]);
            isLast = read == 0;
            length += read;
        }

        return length;
    }
}
