namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A column as it lies in a file.</summary>
internal sealed class SinkChunk(SinkField field)
{
    public SinkField Field { get; } = field;

    public bool HasDictionary { get; set; }

    /// <summary>Where its first page lies.</summary>
    public required long Start { get; init; }

    /// <summary>Where its first page of data lies.</summary>
    public long DataStart { get; set; }

    /// <summary>Values of all pages, nulls and empty lists among them.</summary>
    public long Values { get; set; }

    /// <summary>Of all pages before they were packed, headers included.</summary>
    public long Bytes { get; set; }

    /// <summary>Of all pages as they are in the file, headers included.</summary>
    public long PackedBytes { get; set; }
}
