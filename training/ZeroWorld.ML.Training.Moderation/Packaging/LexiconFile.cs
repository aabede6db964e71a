using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>The words of a text model in its file (docs/formats/text-model.md, versions 3 and 5).</summary>
internal static class LexiconFile
{
    private const int BytesMax = 64 << 20;
    private const int Fields = 3;

    public static void Write(Stream stream, WordLexicon lexicon)
    {
        using var room = new MemoryStream();
        using (var deflated = new ZLibStream(room, CompressionLevel.Optimal, leaveOpen: true))
        {
            var lines = Encoding.UTF8.GetBytes(string.Concat(lexicon.Words.Select(static word => string.Create(CultureInfo.InvariantCulture, $"{word.Folded}\t{word.Plain}\t{word.Texts}\n"))));
            WriteNumber(deflated, lines.Length);
            deflated.Write(lines);
            WriteNumber(deflated, lexicon.Rare.Count);
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            foreach (var hash in lexicon.Rare)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, hash);
                deflated.Write(bytes);
            }
        }

        WriteNumber(stream, (int)room.Length);
        room.WriteTo(stream);
    }

    /// <param name="readsChat">Whether Arabic in Latin letters is read.</param>
    /// <exception cref="EndOfStreamException">There is less.</exception>
    /// <exception cref="InvalidDataException">It is no lexicon; the message says why.</exception>
    public static WordLexicon Read(Stream stream, bool readsChat)
    {
        var length = ReadNumber(stream, "its lexicon has", BytesMax);
        if (length > stream.Length - stream.Position)
        {
            throw new EndOfStreamException();
        }

        var deflated = new byte[length];
        stream.ReadExactly(deflated);
        using var inflated = new ZLibStream(new MemoryStream(deflated), CompressionMode.Decompress);
        var lines = new byte[ReadNumber(inflated, "the words of its lexicon have", BytesMax)];
        inflated.ReadExactly(lines);
        var hashes = new byte[ReadNumber(inflated, "the hashes of its lexicon are", BytesMax / sizeof(ulong)) * sizeof(ulong)];
        inflated.ReadExactly(hashes);
        var rare = new ulong[hashes.Length / sizeof(ulong)];
        for (var place = 0; place < rare.Length; place++)
        {
            rare[place] = BinaryPrimitives.ReadUInt64LittleEndian(hashes.AsSpan(place * sizeof(ulong)));
        }

        return new WordLexicon([.. Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(WordOf)], rare, readsChat);
    }

    private static LexiconWord WordOf(string line, int row)
    {
        var fields = line.Split('\t');
        return fields.Length == Fields && fields[0].Length > 0 && fields[1].Length > 0 && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var texts) && texts > 1
            ? new LexiconWord(fields[0], fields[1], texts)
            : throw new InvalidDataException($"word {row} of its lexicon is '{line}'; expected a folded word, how it is written and in how many texts it is, 2 or more, with tabs between");
    }

    private static void WriteNumber(Stream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private static int ReadNumber(Stream stream, string what, int most)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        stream.ReadExactly(bytes);
        var number = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        return number >= 0 && number <= most ? number : throw new InvalidDataException($"{what} {number} bytes or numbers; expected 0 to {most}");
    }
}
