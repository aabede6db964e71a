using System.Text;
using Value = ZeroWorld.ML.Features.FeatureValue;

namespace ZeroWorld.ML.Features;

/// <summary>Hashes, buckets and further functions of numbers and times.</summary>
internal static class NumberOperators
{
    private const FeatureType Integer = FeatureType.Int64;
    private const FeatureType Real = FeatureType.Float64;
    private const FeatureType Text = FeatureType.String;
    private const FeatureType Time = FeatureType.Timestamp;
    private const long MicrosecondsPerSecond = 1_000_000;

    public static IReadOnlyList<string> Names { get; } =
        ["bucket", "clip", "day_of_year", "epoch_seconds", "hash", "hash_bucket", "is_nan", "pow", "second"];

    public static IEnumerable<ExpressionOperator> All { get; } =
    [
        Of("hash", Integer, Integer, static (in Value a) => Value.FromInt64(Hash(a.AsInt64()))),
        Of("hash", Time, Integer, static (in Value a) => Value.FromInt64(Hash(a.AsInt64()))),
        Of("hash", Text, Integer, static (in Value a) => Value.FromInt64(Hash(a.AsString()))),
        Of("hash_bucket", Integer, Integer, static (in Value a, in Value b) => Bucket(Hash(a.AsInt64()), b.AsInt64())),
        Of("hash_bucket", Text, Integer, static (in Value a, in Value b) => Bucket(Hash(a.AsString()), b.AsInt64())),
        new("bucket", 1, [Real, Real], Integer, null, null) { Many = CountEdges, IsVariadic = true },
        new("clip", 1, [Integer, Integer, Integer], Integer, null, null) { Many = ClipInteger },
        new("clip", 1, [Real, Real, Real], Real, null, null) { Many = ClipReal },
        new("pow", 1, [Real, Real], Real, null, static (in Value a, in Value b) => Value.FromFloat64(Math.Pow(a.AsFloat64(), b.AsFloat64()))),
        Of("is_nan", Real, FeatureType.Bool, static (in Value a) => Value.FromBool(double.IsNaN(a.AsFloat64()))),
        Of("second", Time, Integer, static (in Value a) => Value.FromInt64(Modulo(FloorSeconds(a.AsInt64()), 60))),
        Of("epoch_seconds", Time, Integer, static (in Value a) => Value.FromInt64(FloorSeconds(a.AsInt64()))),
        Of("day_of_year", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.DayOfYear(a.AsInt64()))),
    ];

    /// <summary>Refuses edges of <c>bucket</c> that are no ascending numbers.</summary>
    /// <exception cref="ExpressionException">One of them is not.</exception>
    public static void CheckEdges(ReadOnlySpan<ExpressionNode> edges, List<int> positions)
    {
        var before = double.NegativeInfinity;
        for (var index = 0; index < edges.Length; index++)
        {
            if (edges[index] is not LiteralNode { Value: { IsNumeric: true } value })
            {
                throw new ExpressionException(positions[index], $"edge {index + 1} of 'bucket' is computed; expected a number");
            }

            if (index > 0 && !(value.ToDouble() > before))
            {
                throw new ExpressionException(positions[index], $"edge {index + 1} of 'bucket' is not greater than the one before it; expected ascending edges");
            }

            before = value.ToDouble();
        }
    }

    private static ExpressionOperator Of(string name, FeatureType operand, FeatureType result, UnaryBody body) => new(name, 1, [operand], result, body, null);

    private static ExpressionOperator Of(string name, FeatureType left, FeatureType right, BinaryBody body) => new(name, 1, [left, right], Integer, null, body);

    // FNV-1a, 64 bits (Fowler, Noll, Vo), over the bytes, then the finalizer of MurmurHash3 (Appleby); the sign is cut off.
    private static long Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var piece in bytes)
        {
            hash = unchecked((hash ^ piece) * 1_099_511_628_211UL);
        }

        hash ^= hash >> 33;
        hash = unchecked(hash * 0xFF51AFD7ED558CCD);
        hash ^= hash >> 33;
        hash = unchecked(hash * 0xC4CEB9FE1A85EC53);
        hash ^= hash >> 33;
        return (long)(hash & long.MaxValue);
    }

    private static long Hash(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Hash(bytes);
    }

    private static long Hash(string text) => Hash(Encoding.UTF8.GetBytes(text));

    private static Value Bucket(long hash, long buckets) => buckets > 0 ? Value.FromInt64(hash % buckets) : Value.Null(Integer);

    // Edges ascend: the number of those that the value reaches is the number of its bucket.
    private static Value CountEdges(ReadOnlySpan<Value> operands)
    {
        var value = operands[0].AsFloat64();
        if (double.IsNaN(value))
        {
            return Value.Null(Integer);
        }

        var bucket = 0;
        while (bucket + 1 < operands.Length && value >= operands[bucket + 1].AsFloat64())
        {
            bucket++;
        }

        return Value.FromInt64(bucket);
    }

    private static Value ClipInteger(ReadOnlySpan<Value> operands) =>
        Value.FromInt64(Math.Max(operands[1].AsInt64(), Math.Min(operands[2].AsInt64(), operands[0].AsInt64())));

    private static Value ClipReal(ReadOnlySpan<Value> operands) =>
        Value.FromFloat64(Math.Max(operands[1].AsFloat64(), Math.Min(operands[2].AsFloat64(), operands[0].AsFloat64())));

    private static long FloorSeconds(long time) => (time / MicrosecondsPerSecond) - (time % MicrosecondsPerSecond < 0 ? 1 : 0);

    private static long Modulo(long value, long divisor) => ((value % divisor) + divisor) % divisor;
}
