using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A block of values of one output column.</summary>
/// <remarks>Texts and bytes are set row after row. Not thread safe.</remarks>
internal sealed class ColumnBuffer
{
    /// <summary>Rows of a block: a whole number of the engine's vectors.</summary>
    public const int BlockRows = 8192;

    // More is let go of when the block is filled anew: one long text must not be held in every block.
    private const int KeptBytesMax = 1 << 21;

    // Texts whose longest possible form is shorter are not counted before.
    private const int UncountedTextMax = 1 << 12;

    private readonly int[] _ends;
    private byte[] _bytes = [];

    public ColumnBuffer(string name, ColumnKind kind)
    {
        Name = name;
        Kind = kind;
        _ends = ColumnTypes.IsOfBytes(kind) ? new int[BlockRows] : [];
    }

    public string Name { get; }

    public ColumnKind Kind { get; }

    /// <summary>Scalars by their bits: floats as IEEE 754, bool as 0 or 1; 0 where null.</summary>
    public long[] Bits { get; } = new long[BlockRows];

    public bool[] Nulls { get; } = new bool[BlockRows];

    /// <summary>Copies the scalars that are there.</summary>
    /// <param name="rows">Rows to look at.</param>
    /// <param name="values">Room for as many.</param>
    /// <returns>How many they are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int CopyPresent(int rows, Span<long> values)
    {
        var bits = Bits.AsSpan(0, rows);
        var nulls = MemoryMarshal.AsBytes(Nulls.AsSpan(0, rows));
        values = values[..rows];
        var count = 0;
        for (var row = 0; row < bits.Length; row++)
        {
            values[count] = bits[row];
            count += 1 - nulls[row];
        }

        return count;
    }

    /// <summary>Forgets what long texts took.</summary>
    public void Trim()
    {
        if (_bytes.Length > KeptBytesMax)
        {
            _bytes = [];
        }
    }

    public ReadOnlySpan<byte> BytesAt(int row) => _bytes.AsSpan(StartOf(row), _ends[row] - StartOf(row));

    public void SetNull(int row)
    {
        Nulls[row] = true;
        Bits[row] = 0;
        if (_ends.Length > 0)
        {
            _ends[row] = StartOf(row);
        }
    }

    public void SetBits(int row, long bits)
    {
        Nulls[row] = false;
        Bits[row] = bits;
    }

    public void SetDouble(int row, double value) => SetBits(row, BitConverter.DoubleToInt64Bits(value));

    public void SetFloat(int row, float value) => SetBits(row, (uint)BitConverter.SingleToInt32Bits(value));

    /// <summary>Whether the value is no infinity and no NaN.</summary>
    public bool IsFinite(int row) => Kind switch
    {
        ColumnKind.Float32 => float.IsFinite(BitConverter.Int32BitsToSingle((int)Bits[row])),
        ColumnKind.Float64 => double.IsFinite(BitConverter.Int64BitsToDouble(Bits[row])),
        _ => true,
    };

    public void Set(int row, in FeatureValue value)
    {
        if (value.IsNull)
        {
            SetNull(row);
        }
        else if (value.Type == FeatureType.String)
        {
            SetText(row, value.AsString());
        }
        else if (value.Type == FeatureType.Bytes)
        {
            SetBytes(row, value.AsBytes().Span);
        }
        else if (value.IsList)
        {
            SetBytes(row, FeatureListCodec.Encode(value));
        }
        else
        {
            SetBits(row, FeatureBits.Of(value));
        }
    }

    public void SetBytes(int row, ReadOnlySpan<byte> value)
    {
        Nulls[row] = false;
        value.CopyTo(Room(row, value.Length));
        _ends[row] = StartOf(row) + value.Length;
    }

    public void SetText(int row, string value)
    {
        Nulls[row] = false;
        var length = value.Length > UncountedTextMax ? Encoding.UTF8.GetByteCount(value) : Encoding.UTF8.GetMaxByteCount(value.Length);
        _ends[row] = StartOf(row) + Encoding.UTF8.GetBytes(value, Room(row, length));
    }

    /// <summary>The value as features have it.</summary>
    public FeatureValue Get(int row, FeatureType type) => Nulls[row]
        ? FeatureValue.Null(type)
        : type switch
        {
            FeatureType.String => FeatureValue.FromString(Encoding.UTF8.GetString(BytesAt(row))),
            FeatureType.Bytes => FeatureValue.FromBytes(BytesAt(row).ToArray()),
            FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => ListBytes.Decode(type, BytesAt(row)),
            _ => FeatureBits.ToValue(type, Bits[row]),
        };

    /// <summary>Copies rows of a vector, of the type that this column has.</summary>
    public void Copy(in DuckDbVector vector, FeatureType type, int from, int at, int count)
    {
        if (!vector.MayHaveNulls && Kind is (ColumnKind.Int64 or ColumnKind.Timestamp or ColumnKind.Float64))
        {
            vector.Int64.Slice(from, count).CopyTo(Bits.AsSpan(at));
            Nulls.AsSpan(at, count).Clear();
            return;
        }

        for (var row = 0; row < count; row++)
        {
            if (vector.IsNull(from + row))
            {
                SetNull(at + row);
            }
            else if (_ends.Length > 0)
            {
                SetBytes(at + row, ColumnTypes.IsList(Kind) ? vector.List(from + row, type) : vector.Bytes(from + row));
            }
            else
            {
                SetBits(at + row, vector.Bits(from + row, type));
            }
        }
    }

    private int StartOf(int row) => row == 0 ? 0 : _ends[row - 1];

    private Span<byte> Room(int row, int length)
    {
        var start = StartOf(row);
        if (_bytes.Length - start < length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max((long)start + length, 2L * _bytes.Length), Array.MaxLength));
        }

        return _bytes.AsSpan(start);
    }
}
