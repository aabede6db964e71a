using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Lists as bytes, for buffers: numbers as 8 bytes each, strings as their length in 4 bytes and their UTF-8.</summary>
internal static class ListBytes
{
    public static byte[] Encode(in FeatureValue value) => value.Type switch
    {
        FeatureType.Int64List => MemoryMarshal.AsBytes(value.AsInt64List()).ToArray(),
        FeatureType.Float64List => MemoryMarshal.AsBytes(value.AsFloat64List()).ToArray(),
        _ => EncodeTexts(value.AsStringList()),
    };

    public static FeatureValue Decode(FeatureType type, ReadOnlySpan<byte> bytes) => type switch
    {
        FeatureType.Int64List => FeatureValue.FromInt64List(MemoryMarshal.Cast<byte, long>(bytes).ToArray()),
        FeatureType.Float64List => FeatureValue.FromFloat64List(MemoryMarshal.Cast<byte, double>(bytes).ToArray()),
        _ => FeatureValue.FromStringList(DecodeTexts(bytes)),
    };

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

    private static byte[] EncodeTexts(ReadOnlySpan<string> texts)
    {
        var bytes = new List<byte>();
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var text in texts)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
            bytes.AddRange(length);
            bytes.AddRange(utf8);
        }

        return [.. bytes];
    }

    private static string[] DecodeTexts(ReadOnlySpan<byte> bytes)
    {
        var texts = new string[CountOf(ColumnKind.StringList, bytes)];
        for (var index = 0; index < texts.Length; index++)
        {
            var text = TextOf(bytes);
            texts[index] = Encoding.UTF8.GetString(text);
            bytes = bytes[(sizeof(int) + text.Length)..];
        }

        return texts;
    }
}
