using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Lists as bytes, as online rows and buffers hold them: numbers as 8 bytes each, little-endian; texts as their length (uint32) and their UTF-8.</summary>
/// <remarks>Pure.</remarks>
public static class FeatureListCodec
{
    /// <param name="value">A list that is not null.</param>
    public static byte[] Encode(in FeatureValue value) => value.Type switch
    {
        FeatureType.Int64List => MemoryMarshal.AsBytes(value.AsInt64List()).ToArray(),
        FeatureType.Float64List => MemoryMarshal.AsBytes(value.AsFloat64List()).ToArray(),
        _ => EncodeTexts(value.AsStringList()),
    };

    /// <summary>Bytes that <see cref="Encode"/> gives.</summary>
    public static int LengthOf(in FeatureValue value) => value.Type switch
    {
        FeatureType.Int64List => checked(value.AsInt64List().Length * sizeof(long)),
        FeatureType.Float64List => checked(value.AsFloat64List().Length * sizeof(double)),
        _ => LengthOf(value.AsStringList()),
    };

    /// <returns><see langword="false"/> when the bytes are no such list.</returns>
    public static bool TryDecode(FeatureType type, ReadOnlySpan<byte> bytes, out FeatureValue value)
    {
        value = FeatureValue.Null(type);
        if (type == FeatureType.StringList)
        {
            return TryDecodeTexts(bytes, out value);
        }

        if (bytes.Length % sizeof(long) != 0)
        {
            return false;
        }

        value = type == FeatureType.Int64List
            ? FeatureValue.FromInt64List(MemoryMarshal.Cast<byte, long>(bytes).ToArray())
            : FeatureValue.FromFloat64List(MemoryMarshal.Cast<byte, double>(bytes).ToArray());
        return true;
    }

    private static int LengthOf(ReadOnlySpan<string> texts)
    {
        var length = 0;
        foreach (var text in texts)
        {
            length = checked(length + sizeof(int) + Encoding.UTF8.GetByteCount(text));
        }

        return length;
    }

    private static byte[] EncodeTexts(ReadOnlySpan<string> texts)
    {
        var bytes = new byte[LengthOf(texts)];
        var at = 0;
        foreach (var text in texts)
        {
            var written = Encoding.UTF8.GetBytes(text, bytes.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), written);
            at += sizeof(int) + written;
        }

        return bytes;
    }

    private static bool TryDecodeTexts(ReadOnlySpan<byte> bytes, out FeatureValue value)
    {
        var texts = new List<string>();
        value = FeatureValue.Null(FeatureType.StringList);
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < sizeof(int) || BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var length && length > bytes.Length - sizeof(int))
            {
                return false;
            }

            var size = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            texts.Add(Encoding.UTF8.GetString(bytes.Slice(sizeof(int), size)));
            bytes = bytes[(sizeof(int) + size)..];
        }

        value = FeatureValue.FromStringList([.. texts]);
        return true;
    }
}
