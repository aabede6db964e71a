using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Least and greatest of the numbers of a column, for readers that look for some of them. Not thread safe.</summary>
/// <remarks>Of floats with a NaN among them nothing is said, and a zero is told with the sign that leaves none out, as the format asks.</remarks>
internal struct NumberRange()
{
    private long _least = long.MaxValue;
    private long _greatest = long.MinValue;
    private double _leastFloat = double.PositiveInfinity;
    private double _greatestFloat = double.NegativeInfinity;
    private bool _isAny;
    private bool _hasNan;

    /// <summary>Adds some of the numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(ReadOnlySpan<long> values, ColumnKind kind)
    {
        _isAny |= values.Length > 0;
        if (kind is ColumnKind.Float32 or ColumnKind.Float64)
        {
            TakeFloats(values, kind == ColumnKind.Float32);
            return;
        }

        if (kind != ColumnKind.Int32)
        {
            values = TakeVectors(values);
        }

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
        if (!_isAny || _hasNan)
        {
            return;
        }

        Span<byte> least = stackalloc byte[sizeof(long)];
        Span<byte> greatest = stackalloc byte[sizeof(long)];
        switch (column.Kind)
        {
            case ColumnKind.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(least, (float)Negative(_leastFloat));
                BinaryPrimitives.WriteSingleLittleEndian(greatest, (float)Positive(_greatestFloat));
                break;
            case ColumnKind.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(least, Negative(_leastFloat));
                BinaryPrimitives.WriteDoubleLittleEndian(greatest, Positive(_greatestFloat));
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(least, _least);
                BinaryPrimitives.WriteInt64LittleEndian(greatest, _greatest);
                break;
        }

        thrift.Write(5, greatest[..column.NumberBytes]);
        thrift.Write(6, least[..column.NumberBytes]);
    }

    // Returns what is left.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ReadOnlySpan<long> TakeVectors(ReadOnlySpan<long> values)
    {
        var (least, greatest) = (Vector256.Create(long.MaxValue), Vector256.Create(long.MinValue));
        for (; values.Length >= Vector256<long>.Count; values = values[Vector256<long>.Count..])
        {
            var some = Vector256.Create(values[..Vector256<long>.Count]);
            (least, greatest) = (Vector256.Min(least, some), Vector256.Max(greatest, some));
        }

        for (var lane = 0; lane < Vector256<long>.Count; lane++)
        {
            (_least, _greatest) = (Math.Min(_least, least[lane]), Math.Max(_greatest, greatest[lane]));
        }

        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ReadOnlySpan<long> TakeVectors(ReadOnlySpan<double> values, out double minimum, out double maximum, out double nan)
    {
        var (least, greatest, unequal) = (Vector256.Create(double.PositiveInfinity), Vector256.Create(double.NegativeInfinity), Vector256<double>.Zero);
        for (; values.Length >= Vector256<double>.Count; values = values[Vector256<double>.Count..])
        {
            // Of zeros either sign will do, and beside a NaN any number.
            var some = Vector256.Create(values[..Vector256<double>.Count]);
            (least, greatest) = (Vector256.MinNative(least, some), Vector256.MaxNative(greatest, some));
            unequal |= ~Vector256.Equals(some, some);
        }

        minimum = Math.Min(Math.Min(least[0], least[1]), Math.Min(least[2], least[3]));
        maximum = Math.Max(Math.Max(greatest[0], greatest[1]), Math.Max(greatest[2], greatest[3]));
        nan = unequal.AsInt64() == Vector256<long>.Zero ? 0 : double.NaN;
        return MemoryMarshal.Cast<double, long>(values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeFloats(ReadOnlySpan<long> values, bool areSingle)
    {
        var (least, greatest, all) = (double.PositiveInfinity, double.NegativeInfinity, 0.0);
        if (!areSingle)
        {
            values = TakeVectors(MemoryMarshal.Cast<long, double>(values), out least, out greatest, out all);
        }

        foreach (var bits in values)
        {
            var value = areSingle ? BitConverter.Int32BitsToSingle((int)bits) : BitConverter.Int64BitsToDouble(bits);
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;

            // NaN once there is one; infinities are none.
            all += double.IsNaN(value) ? double.NaN : 0;
        }

        _hasNan |= double.IsNaN(all);
        (_leastFloat, _greatestFloat) = (least < _leastFloat ? least : _leastFloat, greatest > _greatestFloat ? greatest : _greatestFloat);
    }

    private static double Negative(double value) => value == 0 ? -0.0 : value;

    private static double Positive(double value) => value == 0 ? 0.0 : value;
}
