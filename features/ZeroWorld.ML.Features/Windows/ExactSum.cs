using System.Buffers.Binary;
using System.Numerics;

namespace ZeroWorld.ML.Features;

/// <summary>A sum of doubles, or of their squares, without any rounding: the order in which terms and sums are added leaves no trace.</summary>
/// <remarks>
/// The number is an integer times 2^-1074 (terms) or 2^-2148 (squares), kept in chunks of 32 bits that carry late, as in Neal's small superaccumulator
/// (arXiv 1505.05571). Only finite terms may be added. Not thread safe.
/// </remarks>
internal sealed class ExactSum(bool isOfSquares)
{
    /// <summary>Every finite double is a multiple of 2^-Scale.</summary>
    public const int Scale = 1074;

    private const int MantissaBits = 52;
    private const int CarryEvery = 1 << 28;

    // Terms take bits up to 2098, squares up to 4196; 64 more for the number of terms.
    private readonly long[] _chunks = new long[isOfSquares ? 136 : 70];
    private int _pending;

    public void Add(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> MantissaBits) & 0x7FF);
        var mantissa = (ulong)bits & ((1UL << MantissaBits) - 1);
        if (exponent > 0)
        {
            mantissa |= 1UL << MantissaBits;
            exponent--;
        }

        if (isOfSquares)
        {
            AddShifted(Math.BigMul(mantissa, mantissa, out var low), low, 2 * exponent, isNegative: false);
        }
        else
        {
            AddShifted(0, mantissa, exponent, bits < 0);
        }
    }

    public void Add(ExactSum other)
    {
        Carry();
        other.Carry();
        for (var index = 0; index < _chunks.Length; index++)
        {
            _chunks[index] += other._chunks[index];
        }

        _pending = 2;
    }

    /// <summary>The sum times 2^1074, or times 2^2148 for squares.</summary>
    public BigInteger ToInteger()
    {
        Carry();
        // After carrying all chunks but the last are 32 bits without a sign.
        Span<byte> bytes = stackalloc byte[((_chunks.Length - 1) * sizeof(uint)) + sizeof(long)];
        for (var index = 0; index < _chunks.Length - 1; index++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(index * sizeof(uint))..], (uint)_chunks[index]);
        }

        BinaryPrimitives.WriteInt64LittleEndian(bytes[^sizeof(long)..], _chunks[^1]);
        return new BigInteger(bytes);
    }

    public void Write(TileWriter writer)
    {
        var bytes = ToInteger().ToByteArray();
        var zeros = 0;
        while (zeros < bytes.Length - 1 && bytes[zeros] == 0)
        {
            zeros++;
        }

        writer.WriteVariable((ulong)zeros);
        writer.WriteVariable((ulong)(bytes.Length - zeros));
        writer.Write(bytes.AsSpan(zeros));
    }

    /// <summary>Adds what <see cref="Write"/> wrote.</summary>
    public bool TryAdd(ref TileReader reader)
    {
        if (!reader.TryReadVariable(out var zeros) || !reader.TryReadCount(out var length) || !reader.TryRead(length, out var bytes)
            || zeros + (ulong)length > (ulong)(_chunks.Length - 1) * sizeof(uint))
        {
            return false;
        }

        // Two's complement: the bytes as they are, less 2^(8 length) where the last one has the sign.
        Carry();
        var position = (int)zeros;
        foreach (var part in bytes)
        {
            _chunks[position / sizeof(uint)] += (long)part << (8 * (position % sizeof(uint)));
            position++;
        }

        if (length > 0 && bytes[^1] >= 0x80)
        {
            _chunks[position / sizeof(uint)] -= 1L << (8 * (position % sizeof(uint)));
        }

        _pending = 2;
        return true;
    }

    /// <summary>The double nearest to <paramref name="numerator"/> / <paramref name="denominator"/> * 2^-<paramref name="scale"/>, ties to even.</summary>
    public static double Round(BigInteger numerator, BigInteger denominator, int scale)
    {
        if (numerator.IsZero)
        {
            return 0;
        }

        var isNegative = numerator.Sign < 0;
        var magnitude = BigInteger.Abs(numerator);

        // At least 64 bits of quotient, then the bits that a double of this size has.
        var shift = (int)Math.Max(0, 64 - (magnitude.GetBitLength() - denominator.GetBitLength()));
        var quotient = BigInteger.DivRem(magnitude << shift, denominator, out var remainder);
        var exponent = -scale - shift;
        var drop = (int)Math.Max(quotient.GetBitLength() - (MantissaBits + 1), -Scale - exponent);
        if (drop > 0)
        {
            var kept = quotient >> drop;
            var rest = quotient - (kept << drop);
            var half = BigInteger.One << (drop - 1);
            var order = rest.CompareTo(half);
            if (order > 0 || (order == 0 && (!remainder.IsZero || !kept.IsEven)))
            {
                kept++;
            }

            quotient = kept;
            exponent += drop;
        }

        var value = Math.ScaleB((double)(ulong)quotient, exponent);
        return isNegative ? -value : value;
    }

    private void AddShifted(ulong high, ulong low, int shift, bool isNegative)
    {
        if (_pending >= CarryEvery)
        {
            Carry();
        }

        _pending++;
        var index = shift >> 5;
        var bits = shift & 31;
        var number = new UInt128(high, low);

        // The top 32 bits that the shift would push out go to the last chunk.
        var shifted = number << bits;
        Put(index, (uint)shifted, isNegative);
        Put(index + 1, (uint)(shifted >> 32), isNegative);
        Put(index + 2, (uint)(shifted >> 64), isNegative);
        if (high != 0)
        {
            Put(index + 3, (uint)(shifted >> 96), isNegative);
            Put(index + 4, bits == 0 ? 0 : (uint)(number >> (128 - bits)), isNegative);
        }
    }

    private void Put(int index, uint part, bool isNegative)
    {
        if (part != 0)
        {
            _chunks[index] += isNegative ? -(long)part : part;
        }
    }

    private void Carry()
    {
        if (_pending == 0)
        {
            return;
        }

        var carry = 0L;
        for (var index = 0; index < _chunks.Length - 1; index++)
        {
            var value = _chunks[index] + carry;
            carry = value >> 32;
            _chunks[index] = value & uint.MaxValue;
        }

        _chunks[^1] += carry;
        _pending = 0;
    }
}
