namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A column as Parquet has it: optional, lists as three levels. Immutable and thread safe.</summary>
/// <remarks>https://github.com/apache/parquet-format/blob/master/LogicalTypes.md, SchemaElement of parquet.thrift.</remarks>
internal sealed record ParquetColumn(string Name, ColumnKind Kind)
{
    private const int Boolean = 0;
    private const int Int32 = 1;
    private const int Int64 = 2;
    private const int Float = 4;
    private const int Double = 5;
    private const int ByteArray = 6;
    private const int Optional = 1;
    private const int Repeated = 2;
    private const int Utf8 = 0;
    private const int ListType = 3;
    private const int TimestampMicros = 10;

    public bool IsList => ColumnTypes.IsList(Kind);

    /// <summary>The physical type of its values, of a list of its elements.</summary>
    public int Type => Kind switch
    {
        ColumnKind.Bool => Boolean,
        ColumnKind.Int32 => Int32,
        ColumnKind.Float32 => Float,
        ColumnKind.Float64 or ColumnKind.Float64List => Double,
        ColumnKind.Int64 or ColumnKind.Timestamp or ColumnKind.Int64List => Int64,
        _ => ByteArray,
    };

    /// <summary>Bytes of a number; 0: it is none.</summary>
    public int NumberBytes => Kind switch
    {
        ColumnKind.Int32 or ColumnKind.Float32 => sizeof(int),
        ColumnKind.Int64 or ColumnKind.Timestamp or ColumnKind.Float64 => sizeof(long),
        _ => 0,
    };

    /// <summary>Elements of the schema that it is.</summary>
    public int Elements => IsList ? 3 : 1;

    public string[] Path => IsList ? [Name, "list", "element"] : [Name];

    public void WriteSchema(ThriftWriter thrift)
    {
        if (!IsList)
        {
            WriteLeaf(thrift, Name, Kind);
            return;
        }

        thrift.Begin();
        thrift.Write(3, Optional);
        thrift.Write(4, Name);
        thrift.Write(5, 1);
        thrift.Write(6, ListType);
        thrift.Begin(10);
        thrift.WriteEmpty(3);
        thrift.End();
        thrift.End();
        thrift.Begin();
        thrift.Write(3, Repeated);
        thrift.Write(4, "list");
        thrift.Write(5, 1);
        thrift.End();
        WriteLeaf(thrift, "element", Kind == ColumnKind.StringList ? ColumnKind.String : Kind);
    }

    private void WriteLeaf(ThriftWriter thrift, string name, ColumnKind kind)
    {
        thrift.Begin();
        thrift.Write(1, Type);
        thrift.Write(3, Optional);
        thrift.Write(4, name);
        if (kind == ColumnKind.String)
        {
            thrift.Write(6, Utf8);
            thrift.Begin(10);
            thrift.WriteEmpty(1);
            thrift.End();
        }
        else if (kind == ColumnKind.Timestamp)
        {
            thrift.Write(6, TimestampMicros);
            thrift.Begin(10);
            thrift.Begin(8);
            thrift.Write(1, true);
            thrift.Begin(2);
            thrift.WriteEmpty(2);
            thrift.End();
            thrift.End();
            thrift.End();
        }

        thrift.End();
    }
}
