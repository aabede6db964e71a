using System.Buffers;
using System.Buffers.Binary;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The footer of a Parquet file, as far as it says what the values of columns are.</summary>
/// <remarks>https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, in Thrift's compact protocol.</remarks>
internal static class ParquetFooter
{
    // Fields of FileMetaData and SchemaElement, and a type and an annotation of it.
    private const int Schema = 2;
    private const int Physical = 1;
    private const int Converted = 6;
    private const int Logical = 10;
    private const int ByteArray = 6;
    private const int Decimal = 5;

    private const int TailLength = sizeof(int) + 4;

    /// <summary>Copies a file, and says in the copy's footer that its texts are bytes: the engine, which refuses a text that is no UTF-8, reads any bytes.</summary>
    /// <param name="path">A file that the engine has opened, so that its footer is whole.</param>
    public static void CopyWithBytesForTexts(string path, string copy)
    {
        File.Copy(path, copy);
        using var file = new FileStream(copy, FileMode.Open, FileAccess.ReadWrite);
        Span<byte> tail = stackalloc byte[TailLength];
        file.Seek(-TailLength, SeekOrigin.End);
        file.ReadExactly(tail);
        var footer = new byte[BinaryPrimitives.ReadInt32LittleEndian(tail)];
        file.SetLength(file.Length - TailLength);
        file.Seek(-footer.Length, SeekOrigin.End);
        file.ReadExactly(footer);
        var changed = WithBytesForTexts(footer);
        file.SetLength(file.Length - footer.Length);
        file.Seek(0, SeekOrigin.End);
        file.Write(changed.WrittenSpan);
        BinaryPrimitives.WriteInt32LittleEndian(tail, changed.WrittenCount);
        file.Write(tail);
    }

    private static ArrayBufferWriter<byte> WithBytesForTexts(ReadOnlySpan<byte> footer)
    {
        var reader = new ThriftReader(footer);
        var changed = new ArrayBufferWriter<byte>(footer.Length);
        while (reader.TryReadField(out var id, out var type) && id != Schema)
        {
            reader.Skip(type);
        }

        var count = reader.ReadListCount();
        changed.Write(footer[..reader.Position]);
        for (var element = 0; element < count; element++)
        {
            CopyElement(ref reader, footer, changed);
        }

        changed.Write(footer[reader.Position..]);
        return changed;
    }

    // An element without what says that its bytes are a text, an enumeration or JSON: only decimals stay what they are.
    private static void CopyElement(ref ThriftReader reader, ReadOnlySpan<byte> footer, ArrayBufferWriter<byte> output)
    {
        var (fields, isBytes, isDecimal) = (new List<(int Id, int Type, Range Value)>(), false, false);
        var outer = reader.BeginStruct();
        while (reader.TryReadField(out var id, out var type))
        {
            var start = reader.Position;
            reader.Skip(type);
            var value = start..reader.Position;
            fields.Add((id, type, value));
            isBytes |= id == Physical && new ThriftReader(footer[value]).ReadInt32() == ByteArray;
            isDecimal |= id == Converted && new ThriftReader(footer[value]).ReadInt32() == Decimal;
        }

        reader.EndStruct(outer);
        var last = 0;
        foreach (var (id, type, value) in fields)
        {
            if (id is Converted or Logical && isBytes && !isDecimal)
            {
                continue;
            }

            output.Write([(byte)(((id - last) << 4) | type)]);
            output.Write(footer[value]);
            last = id;
        }

        output.Write([(byte)0]);
    }
}
