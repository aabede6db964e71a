using System.Buffers.Binary;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A text in the metadata of a file that is known only when the file's rows are: its room is kept while they are written, and filled afterwards.</summary>
/// <param name="lengthMax">Bytes of UTF-8 that it has at most.</param>
internal sealed class LateText(int lengthMax)
{
    /// <summary>What is written in its place: unlike anything else in the file.</summary>
    public string Placeholder { get; } = Guid.NewGuid().ToString("N").PadRight(Math.Max(lengthMax, 32));

    /// <summary>Puts a text, with spaces behind it, into the schema at the start of an Arrow stream.</summary>
    public void FillSchema(string path, string text)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        Span<byte> start = stackalloc byte[2 * sizeof(int)];
        file.ReadExactly(start);
        Fill(file, start.Length, BinaryPrimitives.ReadInt32LittleEndian(start[sizeof(int)..]), text);
    }

    private void Fill(FileStream file, long from, int length, string text)
    {
        var bytes = new byte[length];
        file.Position = from;
        file.ReadExactly(bytes);
        var room = Encoding.UTF8.GetBytes(Placeholder);
        var at = bytes.AsSpan().IndexOf(room);
        var content = Encoding.UTF8.GetBytes(text);
        if (at < 0 || content.Length > room.Length)
        {
            throw new InvalidOperationException($"A text of {content.Length} bytes does not fit the {room.Length} that were kept for it.");
        }

        room.AsSpan().Fill((byte)' ');
        content.CopyTo(room, 0);
        file.Position = from + at;
        file.Write(room);
        file.Flush(flushToDisk: true);
    }
}
