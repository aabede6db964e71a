using System.Buffers.Binary;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Lists as bytes, for buffers: as <see cref="FeatureListCodec"/> has them.</summary>
internal static class ListBytes
{
    public static FeatureValue Decode(FeatureType type, ReadOnlySpan<byte> bytes) => FeatureListCodec.TryDecode(type, bytes, out var value)
        ? value
        : throw new InvalidOperationException($"A buffer of {FeatureTypeNames.Of(type)} holds {bytes.Length} bytes that are no such list.");

    /// <summary>Elements of an encoded list.</summary>
    public static int CountOf(ColumnKind kind, ReadOnlySpan<byte> bytes)
    {
        if (kind != ColumnKind.StringList)
        {
            return bytes.Length / sizeof(long);
        }

        var count = 0;
        for (; !bytes.IsEmpty; count++)
        {
            bytes = bytes[(sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(bytes))..];
        }

        return count;
    }

    /// <summary>The first text of an encoded list.</summary>
    public static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> bytes) => bytes.Slice(sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(bytes));
}
