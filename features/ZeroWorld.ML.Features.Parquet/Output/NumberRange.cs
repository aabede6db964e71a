using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Least and greatest of the numbers of a column, for readers that look for some of them. Not thread safe.</summary>
/// <remarks>Of floats with a NaN among them nothing is said, and a zero is told with the sign that leaves none out, as the format asks.</remarks>
internal struct NumberRange()
{
    private long _least;
    private long _greatest;
    private double _leastFloat;
    private double _greatestFloat;
    private bool _isKnown;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(ReadOnlySpan<long> values, ColumnKind kind)
    {
        _isKnown = values.Length > 0;
        if (kind is ColumnKind.Float32 or ColumnKind.Float64)
        {
            TakeFloats(values, kind == ColumnKind.Float32);
            return;
        }

        (_least, _greatest) = (long.MaxValue, long.MinValue);
        foreach (var value in values)
        {
            // An int32 lies in the lower half.
            var number = kind == ColumnKind.Int32 ? (int)value : value;
            _least = Math.Min(_least, number);
            _greatest = Math.Max(_greatest, number);
        }
    }

    public readonly void Write(ThriftWriter thrift, ParquetColumn column)
    {
        if (!_isKnown)
        {
            return;
        }

        Span<byte> least = stackalloc byte[sizeof(long)];
        Span<byte> greatest = stackalloc byte[sizeof(long)];
        switch (column.Kind)
        {
            case ColumnKind.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(least, (float)_leastFloat);
                BinaryPrimitives.WriteSingleLittleEndian(greatest, (float)_greatestFloat);
                break;
            case ColumnKind.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(least, _leastFloat);
                BinaryPrimitives.WriteDoubleLittleEndian(greatest, _greatestFloat);
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(least, _least);
                BinaryPrimitives.WriteInt64LittleEndian(greatest, _greatest);
                break;
        }

        thrift.Write(5, greatest[..column.NumberBytes]);
        thrift.Write(6, least[..column.NumberBytes]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeFloats(ReadOnlySpan<long> values, bool areSingle)
    {
        var (least, greatest, all) = (double.PositiveInfinity, double.NegativeInfinity, 0.0);
        foreach (var bits in values)
        {
            var value = areSingle ? BitConverter.Int32BitsToSingle((int)bits) : BitConverter.Int64BitsToDouble(bits);
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;

            // NaN once there is one; infinities are none.
            all += double.IsNaN(value) ? double.NaN : 0;
        }

        _isKnown &= all == 0;
        (_leastFloat, _greatestFloat) = (least == 0 ? -0.0 : least, greatest == 0 ? 0.0 : greatest);
    }
}
