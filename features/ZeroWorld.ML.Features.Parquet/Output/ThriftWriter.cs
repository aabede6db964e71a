using System.Buffers;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Thrift's compact protocol, as far as Parquet's headers need it. Not thread safe.</summary>
/// <remarks>https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. Fields are written in the order of their ids.</remarks>
internal sealed class ThriftWriter(ArrayBufferWriter<byte> output)
{
    private const int True = 1;
    private const int False = 2;
    private const int Int32 = 5;
    private const int Int64 = 6;
    private const int Binary = 8;
    private const int List = 9;
    private const int Struct = 12;
    private const int ShortListMax = 14;
    private readonly Stack<int> _outer = new();
    private int _last;

    /// <summary>Begins the outermost struct, or one in a list.</summary>
    public void Begin()
    {
        _outer.Push(_last);
        _last = 0;
    }

    /// <summary>Begins a struct that is a field.</summary>
    public void Begin(int field)
    {
        Field(field, Struct);
        Begin();
    }

    public void End()
    {
        WriteByte(0);
        _last = _outer.Pop();
    }

    /// <summary>A struct without fields.</summary>
    public void WriteEmpty(int field)
    {
        Begin(field);
        End();
    }

    public void Write(int field, bool value) => Field(field, value ? True : False);

    public void Write(int field, int value)
    {
        Field(field, Int32);
        WriteVarint(ZigZag(value));
    }

    public void Write(int field, long value)
    {
        Field(field, Int64);
        WriteVarint(ZigZag(value));
    }

    public void Write(int field, string value)
    {
        Field(field, Binary);
        WriteText(value);
    }

    public void Write(int field, ReadOnlySpan<byte> value)
    {
        Field(field, Binary);
        WriteVarint((ulong)value.Length);
        output.Write(value);
    }

    public void Write(int field, ReadOnlySpan<int> values)
    {
        BeginList(field, values.Length, Int32);
        foreach (var value in values)
        {
            WriteVarint(ZigZag(value));
        }
    }

    public void Write(int field, ReadOnlySpan<string> values)
    {
        BeginList(field, values.Length, Binary);
        foreach (var value in values)
        {
            WriteText(value);
        }
    }

    /// <summary>Begins a list of structs: as many follow.</summary>
    public void BeginList(int field, int count) => BeginList(field, count, Struct);

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private void BeginList(int field, int count, int type)
    {
        Field(field, List);
        if (count <= ShortListMax)
        {
            WriteByte((count << 4) | type);
            return;
        }

        WriteByte(0xf0 | type);
        WriteVarint((ulong)count);
    }

    private void Field(int field, int type)
    {
        WriteByte(((field - _last) << 4) | type);
        _last = field;
    }

    private void WriteText(string value)
    {
        WriteVarint((ulong)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, output);
    }

    private void WriteByte(int value) => output.Write([(byte)value]);

    private void WriteVarint(ulong value) => PageEncoding.WriteVarint(output, value);
}
