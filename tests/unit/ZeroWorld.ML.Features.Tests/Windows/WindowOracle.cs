using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>An event as its source tells it.</summary>
internal sealed record OracleEvent(long Event, long Created, long? Id, double?[] Values)
{
    public long Arrival => Math.Max(Event, Created);
}

/// <summary>docs/formats/feature-semantics.md, "Windowed views", said as plainly as can be: quadratic, with exact arithmetic. Knows no bytes of a block.</summary>
internal sealed class WindowOracle(IReadOnlyList<OracleEvent> events, string key)
{
    // Every finite double is a multiple of 2^-1074.
    private const int Scale = 1074;

    /// <summary>The events of one id are one event: the first to arrive.</summary>
    public IReadOnlyList<OracleEvent> Select(long q, long window, long labelDelay)
    {
        var selected = new List<OracleEvent>();
        for (var index = 0; index < events.Count; index++)
        {
            var item = events[index];
            var isRepeated = false;
            for (var other = 0; other < events.Count; other++)
            {
                var isBefore = events[other].Arrival < item.Arrival || (events[other].Arrival == item.Arrival && other < index);
                isRepeated |= isBefore && IdOf(events[other]).AsSpan().SequenceEqual(IdOf(item));
            }

            var isInWindow = labelDelay == 0
                ? (BigInteger)q - window < item.Event && item.Event < q
                : (BigInteger)q - labelDelay - window < item.Event && item.Event <= (BigInteger)q - labelDelay;
            if (!isRepeated && isInWindow && item.Arrival <= q)
            {
                selected.Add(item);
            }
        }

        selected.Sort((left, right) => left.Event != right.Event
            ? left.Event.CompareTo(right.Event)
            : left.Created != right.Created
                ? left.Created.CompareTo(right.Created)
                : IdOf(left).AsSpan().SequenceCompareTo(IdOf(right)));
        return selected;
    }

    /// <returns>What is expected: a value, or <see langword="null"/> for NULL; and how far the kernel may be off.</returns>
    public static (double? Value, double Tolerance) Aggregate(AggregateFunction function, int column, IReadOnlyList<double?[]> rows)
    {
        if (column < 0)
        {
            return (rows.Count, 0);
        }

        var values = rows.Select(row => row[column]).OfType<double>().ToList();
        return function switch
        {
            AggregateFunction.Count => (values.Count, 0),
            AggregateFunction.Sum => Near(values, Sum(values), 1),
            AggregateFunction.Mean => values.Count == 0 ? (null, 0) : Near(values, Sum(values) / values.Count, values.Count),
            AggregateFunction.Min => values.Count == 0 ? (null, 0) : (values.Exists(double.IsNaN) ? double.NaN : values.Min(), 0),
            AggregateFunction.Max => values.Count == 0 ? (null, 0) : (values.Exists(double.IsNaN) ? double.NaN : values.Max(), 0),
            AggregateFunction.Variance => values.Count < 2 ? (null, 0) : Spread(values, Variance(values)),
            AggregateFunction.StandardDeviation => values.Count < 2 ? (null, 0) : Spread(values, Math.Sqrt(Variance(values))),
            AggregateFunction.First => values.Count == 0 ? (null, 0) : (values[0], 0),
            _ => values.Count == 0 ? (null, 0) : (values[^1], 0),
        };
    }

    private static (double?, double) Near(List<double> values, double exact, int count) =>
        (exact, (1e-9 * Math.Abs(exact)) + (1e-25 * values.Where(double.IsFinite).Sum(Math.Abs) / count));

    private static (double?, double) Spread(List<double> values, double exact) =>
        (exact, (1e-9 * Math.Abs(exact)) + (1e-12 * values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max()));

    private static double Sum(List<double> values)
    {
        if (values.Exists(static value => !double.IsFinite(value)))
        {
            return values.Where(static value => !double.IsFinite(value)).Aggregate(0.0, static (sum, value) => sum + value);
        }

        return ToDouble(values.Aggregate(BigInteger.Zero, static (sum, value) => sum + ToInteger(value)), BigInteger.One << Scale);
    }

    // (n * sum of squares - square of the sum) / (n * (n - 1)), exactly.
    private static double Variance(List<double> values)
    {
        if (values.Exists(static value => !double.IsFinite(value)))
        {
            return double.NaN;
        }

        var (sum, squares) = (BigInteger.Zero, BigInteger.Zero);
        foreach (var value in values)
        {
            var integer = ToInteger(value);
            sum += integer;
            squares += integer * integer;
        }

        return ToDouble((values.Count * squares) - (sum * sum), (BigInteger.One << (2 * Scale)) * values.Count * (values.Count - 1));
    }

    private static BigInteger ToInteger(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | (exponent == 0 ? 0 : 1L << 52);
        var magnitude = (BigInteger)mantissa << Math.Max(0, exponent - 1);
        return bits < 0 ? -magnitude : magnitude;
    }

    private static double ToDouble(BigInteger numerator, BigInteger denominator)
    {
        // 120 bits of quotient are far more than a double shows.
        var shift = (int)Math.Max(0, 120 - (numerator.GetBitLength() - denominator.GetBitLength()));
        return numerator.IsZero ? 0 : Math.ScaleB((double)((numerator << shift) / denominator), -shift);
    }

    private byte[] IdOf(OracleEvent item)
    {
        if (item.Id is { } id)
        {
            // The smallest id is all zeros: bytes that sort as the numbers do.
            return Convert.FromHexString(((UInt128)((Int128)id - long.MinValue)).ToString("x16", CultureInfo.InvariantCulture));
        }

        var row = new List<byte>(Encoding.UTF8.GetBytes(key));
        row.AddRange(BitConverter.GetBytes(item.Event));
        row.AddRange(BitConverter.GetBytes(item.Created));
        var bitmap = new byte[(item.Values.Length + 7) / 8];
        for (var column = 0; column < item.Values.Length; column++)
        {
            bitmap[column / 8] |= (byte)(item.Values[column] is null ? 1 << (column % 8) : 0);
        }

        row.AddRange(bitmap);
        foreach (var value in item.Values)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, (value ?? 0) + 0.0);
            row.AddRange(bytes);
        }

        return SHA256.HashData(row.ToArray())[..16];
    }
}
