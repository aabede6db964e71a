namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What is at the end of a file: its schema, and where its columns lie (FileMetaData of parquet.thrift). Pure.</summary>
internal static class SinkFooter
{
    private const int Required = 0;
    private const int Optional = 1;
    private const int Repeated = 2;
    private const int Utf8 = 0;
    private const int List = 3;
    private const int Zstd = 6;
    private const int Plain = 0;
    private const int Rle = 3;
    private const int RleDictionary = 8;
    private static readonly int[] PlainEncodings = [Plain, Rle];
    private static readonly int[] DictionaryEncodings = [Plain, Rle, RleDictionary];

    public static ReadOnlySpan<byte> Magic => "PAR1"u8;

    public static void Write(ThriftWriter thrift, IReadOnlyList<SinkChunk> chunks)
    {
        var rows = chunks[0].Field.Rows;
        thrift.Begin();
        thrift.Write(1, 1);
        thrift.BeginList(2, 1 + chunks.Sum(static chunk => chunk.Field.Leaf.IsList ? 3 : 1));
        WriteElement(thrift, "schema", null, null, children: chunks.Count, null);
        foreach (var chunk in chunks)
        {
            WriteField(thrift, chunk.Field);
        }

        thrift.Write(3, (long)rows);
        thrift.BeginList(4, 1);
        thrift.Begin();
        thrift.BeginList(1, chunks.Count);
        foreach (var chunk in chunks)
        {
            WriteChunk(thrift, chunk);
        }

        thrift.Write(2, chunks.Sum(static chunk => chunk.Bytes));
        thrift.Write(3, (long)rows);
        thrift.End();
        thrift.Write(6, "zeroworld");

        // The order of the type, in which least and greatest are meant.
        thrift.BeginList(7, chunks.Count);
        for (var index = 0; index < chunks.Count; index++)
        {
            thrift.Begin();
            thrift.Begin(1);
            thrift.End();
            thrift.End();
        }

        thrift.End();
    }

    private static void WriteField(ThriftWriter thrift, SinkField field)
    {
        var leaf = field.Leaf;
        var converted = leaf.IsText ? Utf8 : (int?)null;
        if (!leaf.IsList)
        {
            WriteElement(thrift, field.Name, leaf.Type, leaf.IsNullable ? Optional : Required, null, converted);
            return;
        }

        WriteElement(thrift, field.Name, null, Optional, children: 1, List);
        WriteElement(thrift, "list", null, Repeated, children: 1, null);
        WriteElement(thrift, "element", leaf.Type, leaf.IsNullable ? Optional : Required, null, converted);
    }

    private static void WriteElement(ThriftWriter thrift, string name, int? type, int? repetition, int? children, int? converted)
    {
        thrift.Begin();
        WriteIfThere(thrift, 1, type);
        WriteIfThere(thrift, 3, repetition);
        thrift.Write(4, name);
        WriteIfThere(thrift, 5, children);
        WriteIfThere(thrift, 6, converted);
        thrift.End();
    }

    private static void WriteIfThere(ThriftWriter thrift, int field, int? value)
    {
        if (value is { } number)
        {
            thrift.Write(field, number);
        }
    }

    private static void WriteChunk(ThriftWriter thrift, SinkChunk chunk)
    {
        thrift.Begin();
        thrift.Write(2, chunk.Start);
        thrift.Begin(3);
        thrift.Write(1, chunk.Field.Leaf.Type);
        thrift.Write(2, chunk.HasDictionary ? DictionaryEncodings : PlainEncodings);
        thrift.Write(3, chunk.Field.Leaf.IsList ? (ReadOnlySpan<string>)[chunk.Field.Name, "list", "element"] : [chunk.Field.Name]);
        thrift.Write(4, Zstd);
        thrift.Write(5, chunk.Values);
        thrift.Write(6, chunk.Bytes);
        thrift.Write(7, chunk.PackedBytes);
        thrift.Write(9, chunk.DataStart);
        if (chunk.HasDictionary)
        {
            thrift.Write(11, chunk.Start);
        }

        if (chunk.Field.Range is { } range)
        {
            thrift.Begin(12);
            thrift.Write(5, range.Greatest);
            thrift.Write(6, range.Least);
            thrift.End();
        }

        thrift.End();
        thrift.End();
    }
}
