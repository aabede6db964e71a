using System.Runtime.CompilerServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>One column of the rows at hand, in the engine's memory.</summary>
internal readonly unsafe ref struct DuckDbVector(IntPtr vector, byte* data, ulong* validity, int count)
{
    // A text of up to 12 bytes lies in its descriptor; of a longer one, its address does (duckdb.h, duckdb_string_t).
    private const int DescriptorLength = 16;
    private const int InlineLengthMax = 12;

    /// <summary>The engine's name for it: lists are asked for their elements by it.</summary>
    public nint Handle => vector;

    /// <summary>Where the values lie.</summary>
    public nint Data => (nint)data;

    /// <summary>Where a bit per row lies that says whether it has a value; 0: all have.</summary>
    public nint Validity => (nint)validity;

    public bool MayHaveNulls => validity != null;

    public ReadOnlySpan<long> Int64 => new(data, count);

    public bool IsNull(int row) => validity != null && (validity[row >> 6] & (1UL << (row & 63))) == 0;

    /// <summary>Rows with a null.</summary>
    public int CountNulls()
    {
        var nulls = 0;
        if (validity != null)
        {
            for (var row = 0; row < count; row++)
            {
                nulls += IsNull(row) ? 1 : 0;
            }
        }

        return nulls;
    }

    /// <summary>A scalar by its bits, as <see cref="FeatureBits"/> has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Bits(int row, FeatureType type) => type switch
    {
        FeatureType.Bool => data[row],
        FeatureType.Float32 => ((uint*)data)[row],
        _ => ((long*)data)[row],
    };

    public ReadOnlySpan<byte> Bytes(int row)
    {
        var descriptor = data + ((long)row * DescriptorLength);
        var length = *(int*)descriptor;
        return new ReadOnlySpan<byte>(length <= InlineLengthMax ? descriptor + sizeof(int) : *(byte**)(descriptor + sizeof(long)), length);
    }

    /// <summary>Bytes that a text or a list takes in a <see cref="ColumnBuffer"/>.</summary>
    public int Length(int row, FeatureType type) => type switch
    {
        _ when IsNull(row) => 0,
        FeatureType.Int64List or FeatureType.Float64List => checked((int)(((DuckDBListEntry*)data)[row].Length * sizeof(long))),
        FeatureType.StringList => List(row, type).Length,
        _ => *(int*)(data + ((long)row * DescriptorLength)),
    };

    /// <summary>A list as <see cref="FeatureListCodec"/> has it.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: an element is null.</exception>
    public ReadOnlySpan<byte> List(int row, FeatureType type)
    {
        var entry = ((DuckDBListEntry*)data)[row];
        var child = NativeMethods.Vectors.DuckDBListVectorGetChild(vector);
        var elements = new DuckDbVector(
            child, (byte*)NativeMethods.Vectors.DuckDBVectorGetData(child), NativeMethods.Vectors.DuckDBVectorGetValidity(child), (int)(entry.Offset + entry.Length));
        for (var at = (int)entry.Offset; elements.MayHaveNulls && at < (int)(entry.Offset + entry.Length); at++)
        {
            if (elements.IsNull(at))
            {
                throw new FeatureException(FeatureError.InvalidInput, $"A list has a null as its element {at - (int)entry.Offset + 1}; expected lists without nulls.");
            }
        }

        return type == FeatureType.StringList
            ? elements.Texts((int)entry.Offset, (int)entry.Length)
            : new ReadOnlySpan<byte>((byte*)elements.Data + (entry.Offset * sizeof(long)), (int)entry.Length * sizeof(long));
    }

    private byte[] Texts(int first, int length)
    {
        var bytes = new List<byte>();
        for (var at = first; at < first + length; at++)
        {
            var text = Bytes(at);
            bytes.AddRange(BitConverter.GetBytes(text.Length));
            bytes.AddRange(text);
        }

        return [.. bytes];
    }

    public FeatureValue Value(int row, FeatureType type) => IsNull(row)
        ? FeatureValue.Null(type)
        : type switch
        {
            FeatureType.String => FeatureValue.FromString(System.Text.Encoding.UTF8.GetString(Bytes(row))),
            FeatureType.Bytes => FeatureValue.FromBytes(Bytes(row).ToArray()),
            FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => ListBytes.Decode(type, List(row, type)),
            _ => FeatureBits.ToValue(type, Bits(row, type)),
        };
}
