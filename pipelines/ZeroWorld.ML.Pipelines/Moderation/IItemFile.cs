namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>A file of items, read from a place on.</summary>
/// <remarks>One thread at a time.</remarks>
public interface IItemFile : IDisposable
{
    /// <value>For messages.</value>
    string Path { get; }

    /// <value>Places in all: bytes of a text file, rows of a table.</value>
    long Length { get; }

    /// <value>Place of the next item.</value>
    long Position { get; }

    /// <value>Why the item that was read last is none, whatever its JSON says; <see langword="null"/>: its JSON says it.</value>
    string? Fault { get; }

    /// <summary>Goes to a place that <see cref="Position"/> was at.</summary>
    void Seek(long position);

    /// <summary>The item is JSON as <see cref="ModerationItem.TryParse"/> reads it, valid until the next call; an empty one is no item.</summary>
    bool TryRead(out ReadOnlyMemory<byte> item);
}
