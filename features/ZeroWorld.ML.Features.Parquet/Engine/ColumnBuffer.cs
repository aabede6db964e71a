using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A block of values of one output column.</summary>
internal sealed class ColumnBuffer
{
    /// <summary>Rows of a block: a whole number of the engine's vectors.</summary>
    public const int BlockRows = 8192;

    private readonly byte[]?[]? _bytes;

    public ColumnBuffer(string name, ColumnKind kind)
    {
        Name = name;
        Kind = kind;
        _bytes = kind is ColumnKind.String or ColumnKind.Bytes ? new byte[BlockRows][] : null;
    }

    public string Name { get; }

    public ColumnKind Kind { get; }

    /// <summary>Scalars by their bits: floats as IEEE 754, bool as 0 or 1; 0 where null.</summary>
    public long[] Bits { get; } = new long[BlockRows];

    public bool[] Nulls { get; } = new bool[BlockRows];

    public ReadOnlySpan<byte> BytesAt(int row) => _bytes![row];

    public void SetNull(int row)
    {
        Nulls[row] = true;
        Bits[row] = 0;
    }

    public void SetBits(int row, long bits)
    {
        Nulls[row] = false;
        Bits[row] = bits;
    }

    public void SetDouble(int row, double value) => SetBits(row, BitConverter.DoubleToInt64Bits(value));

    public void SetFloat(int row, float value) => SetBits(row, (uint)BitConverter.SingleToInt32Bits(value));

    public void Set(int row, in FeatureValue value)
    {
        if (value.IsNull)
        {
            SetNull(row);
        }
        else if (value.Type == FeatureType.String)
        {
            SetBytes(row, Encoding.UTF8.GetBytes(value.AsString()));
        }
        else if (value.Type == FeatureType.Bytes)
        {
            SetBytes(row, value.AsBytes().ToArray());
        }
        else
        {
            SetBits(row, FeatureBits.Of(value));
        }
    }

    public void SetBytes(int row, byte[] value)
    {
        Nulls[row] = false;
        _bytes![row] = value;
    }
}
