using System.Collections.Frozen;
using Value = ZeroWorld.ML.Features.FeatureValue;

namespace ZeroWorld.ML.Features;

/// <summary>Every operator and function that treats nulls strictly, by name.</summary>
/// <remarks>
/// int64 arithmetic that leaves the range of int64, and division or modulo by zero, give NULL; float64 arithmetic is IEEE 754.
/// Whoever changes what an operator gives for any input adds a new version and keeps the old one while a live model pins it.
/// </remarks>
internal static class ExpressionOperators
{
    private const FeatureType Bool = FeatureType.Bool;
    private const FeatureType Integer = FeatureType.Int64;
    private const FeatureType Single = FeatureType.Float32;
    private const FeatureType Real = FeatureType.Float64;
    private const FeatureType Text = FeatureType.String;
    private const FeatureType Time = FeatureType.Timestamp;

    /// <summary>The conversion that is put in where an int64 meets a float64.</summary>
    public static ExpressionOperator Widen { get; } =
        Of("float64", Integer, Real, static (in Value value) => Value.FromFloat64(value.AsInt64()));

    /// <summary>float32 inputs are widened when they are read.</summary>
    public static ExpressionOperator WidenSingle { get; } =
        Of("float64", Single, Real, static (in Value value) => Value.FromFloat64(value.AsFloat32()));

    /// <summary>What a declared float32 does to a float64 result: rounds to nearest, ties to even.</summary>
    public static ExpressionOperator Narrow { get; } =
        Of("float32", Real, Single, static (in Value value) => Value.FromFloat32((float)value.AsFloat64()));

    public static FrozenDictionary<string, ExpressionOperator[]> ByName { get; } = All()
        .GroupBy(static op => op.Name, StringComparer.Ordinal)
        .ToFrozenDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal);

    private static IEnumerable<ExpressionOperator> All() => 
        [.. Arithmetic(), .. Comparisons(), .. Functions(), .. TimeParts(), .. Conversions(), .. TextOperators.All, .. NumberOperators.All, .. VectorOperators.All, .. TextFeatureOperators.All];

    private static IEnumerable<ExpressionOperator> Arithmetic() =>
    [
        Of("add", Integer, Integer, Integer, static (in Value a, in Value b) => Add(Integer, a.AsInt64(), b.AsInt64())),
        Of("add", Real, Real, Real, static (in Value a, in Value b) => Number(a.AsFloat64() + b.AsFloat64())),
        Of("add", Time, Integer, Time, static (in Value a, in Value b) => Add(Time, a.AsInt64(), b.AsInt64())),
        Of("subtract", Integer, Integer, Integer, static (in Value a, in Value b) => Subtract(Integer, a.AsInt64(), b.AsInt64())),
        Of("subtract", Real, Real, Real, static (in Value a, in Value b) => Number(a.AsFloat64() - b.AsFloat64())),
        Of("subtract", Time, Integer, Time, static (in Value a, in Value b) => Subtract(Time, a.AsInt64(), b.AsInt64())),
        Of("subtract", Time, Time, Integer, static (in Value a, in Value b) => Subtract(Integer, a.AsInt64(), b.AsInt64())),
        Of("multiply", Integer, Integer, Integer, static (in Value a, in Value b) => Multiply(a.AsInt64(), b.AsInt64())),
        Of("multiply", Real, Real, Real, static (in Value a, in Value b) => Number(a.AsFloat64() * b.AsFloat64())),
        Of("divide", Integer, Integer, Integer, static (in Value a, in Value b) => Divide(a.AsInt64(), b.AsInt64())),
        Of("divide", Real, Real, Real, static (in Value a, in Value b) => Number(a.AsFloat64() / b.AsFloat64())),
        Of("modulo", Integer, Integer, Integer, static (in Value a, in Value b) => Modulo(a.AsInt64(), b.AsInt64())),
        Of("modulo", Real, Real, Real, static (in Value a, in Value b) => Number(a.AsFloat64() % b.AsFloat64())),
        Of("negate", Integer, Integer, static (in Value a) => Subtract(Integer, 0, a.AsInt64())),
        Of("negate", Real, Real, static (in Value a) => Number(-a.AsFloat64())),
        Of("not", Bool, Bool, static (in Value a) => Truth(!a.AsBool())),
    ];

    private static IEnumerable<ExpressionOperator> Comparisons()
    {
        yield return Of("eq", Bool, Bool, Bool, static (in Value a, in Value b) => Truth(a.AsBool() == b.AsBool()));
        yield return Of("ne", Bool, Bool, Bool, static (in Value a, in Value b) => Truth(a.AsBool() != b.AsBool()));
        foreach (var type in (FeatureType[])[Integer, Time])
        {
            yield return Of("eq", type, type, Bool, static (in Value a, in Value b) => Truth(a.AsInt64() == b.AsInt64()));
            yield return Of("ne", type, type, Bool, static (in Value a, in Value b) => Truth(a.AsInt64() != b.AsInt64()));
            yield return Of("lt", type, type, Bool, static (in Value a, in Value b) => Truth(a.AsInt64() < b.AsInt64()));
            yield return Of("le", type, type, Bool, static (in Value a, in Value b) => Truth(a.AsInt64() <= b.AsInt64()));
            yield return Of("gt", type, type, Bool, static (in Value a, in Value b) => Truth(a.AsInt64() > b.AsInt64()));
            yield return Of("ge", type, type, Bool, static (in Value a, in Value b) => Truth(a.AsInt64() >= b.AsInt64()));
        }

        yield return Of("eq", Real, Real, Bool, static (in Value a, in Value b) => Truth(a.AsFloat64() == b.AsFloat64()));
        yield return Of("ne", Real, Real, Bool, static (in Value a, in Value b) => Truth(a.AsFloat64() != b.AsFloat64()));
        yield return Of("lt", Real, Real, Bool, static (in Value a, in Value b) => Truth(a.AsFloat64() < b.AsFloat64()));
        yield return Of("le", Real, Real, Bool, static (in Value a, in Value b) => Truth(a.AsFloat64() <= b.AsFloat64()));
        yield return Of("gt", Real, Real, Bool, static (in Value a, in Value b) => Truth(a.AsFloat64() > b.AsFloat64()));
        yield return Of("ge", Real, Real, Bool, static (in Value a, in Value b) => Truth(a.AsFloat64() >= b.AsFloat64()));
        yield return Of("eq", Text, Text, Bool, static (in Value a, in Value b) => Truth(Order(a, b) == 0));
        yield return Of("ne", Text, Text, Bool, static (in Value a, in Value b) => Truth(Order(a, b) != 0));
        yield return Of("lt", Text, Text, Bool, static (in Value a, in Value b) => Truth(Order(a, b) < 0));
        yield return Of("le", Text, Text, Bool, static (in Value a, in Value b) => Truth(Order(a, b) <= 0));
        yield return Of("gt", Text, Text, Bool, static (in Value a, in Value b) => Truth(Order(a, b) > 0));
        yield return Of("ge", Text, Text, Bool, static (in Value a, in Value b) => Truth(Order(a, b) >= 0));
    }

    private static IEnumerable<ExpressionOperator> Functions() =>
    [
        Of("abs", Integer, Integer, static (in Value a) => a.AsInt64() < 0 ? Subtract(Integer, 0, a.AsInt64()) : a),
        Of("abs", Real, Real, static (in Value a) => Number(Math.Abs(a.AsFloat64()))),
        Of("min", Integer, Integer, Integer, static (in Value a, in Value b) => a.AsInt64() <= b.AsInt64() ? a : b),
        Of("min", Real, Real, Real, static (in Value a, in Value b) => Number(Math.Min(a.AsFloat64(), b.AsFloat64()))),
        Of("min", Time, Time, Time, static (in Value a, in Value b) => a.AsInt64() <= b.AsInt64() ? a : b),
        Of("max", Integer, Integer, Integer, static (in Value a, in Value b) => a.AsInt64() >= b.AsInt64() ? a : b),
        Of("max", Real, Real, Real, static (in Value a, in Value b) => Number(Math.Max(a.AsFloat64(), b.AsFloat64()))),
        Of("max", Time, Time, Time, static (in Value a, in Value b) => a.AsInt64() >= b.AsInt64() ? a : b),
        Of("log", Real, Real, static (in Value a) => Number(Math.Log(a.AsFloat64()))),
        Of("exp", Real, Real, static (in Value a) => Number(Math.Exp(a.AsFloat64()))),
        Of("sqrt", Real, Real, static (in Value a) => Number(Math.Sqrt(a.AsFloat64()))),
        Of("floor", Real, Real, static (in Value a) => Number(Math.Floor(a.AsFloat64()))),
        Of("ceil", Real, Real, static (in Value a) => Number(Math.Ceiling(a.AsFloat64()))),
        Of("round", Real, Real, static (in Value a) => Number(Math.Round(a.AsFloat64(), MidpointRounding.AwayFromZero))),
    ];

    private static IEnumerable<ExpressionOperator> TimeParts() =>
    [
        Of("hour", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.Hour(a.AsInt64()))),
        Of("minute", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.Minute(a.AsInt64()))),
        Of("weekday", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.Weekday(a.AsInt64()))),
        Of("day", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.Day(a.AsInt64()))),
        Of("month", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.Month(a.AsInt64()))),
        Of("year", Time, Integer, static (in Value a) => Value.FromInt64(CalendarTime.Year(a.AsInt64()))),
    ];

    private static IEnumerable<ExpressionOperator> Conversions() =>
    [
        Widen,
        Of("float64", Real, Real, static (in Value a) => a),
        Of("float64", Bool, Real, static (in Value a) => Number(a.AsBool() ? 1 : 0)),
        Of("int64", Integer, Integer, static (in Value a) => a),
        Of("int64", Real, Integer, static (in Value a) => Truncate(a.AsFloat64())),
        Of("int64", Bool, Integer, static (in Value a) => Value.FromInt64(a.AsBool() ? 1 : 0)),
    ];

    private static ExpressionOperator Of(string name, FeatureType operand, FeatureType result, UnaryBody body) =>
        new(name, 1, [operand], result, body, null);

    private static ExpressionOperator Of(string name, FeatureType left, FeatureType right, FeatureType result, BinaryBody body) =>
        new(name, 1, [left, right], result, null, body);

    private static Value Truth(bool value) => Value.FromBool(value);

    private static Value Number(double value) => Value.FromFloat64(value);

    private static int Order(in Value left, in Value right) => string.CompareOrdinal(left.AsString(), right.AsString());

    private static Value Whole(FeatureType type, long value) => type == Time ? Value.FromTimestamp(value) : Value.FromInt64(value);

    // The sum overflowed when its sign differs from the signs of both terms.
    private static Value Add(FeatureType type, long left, long right)
    {
        var sum = unchecked(left + right);
        return ((left ^ sum) & (right ^ sum)) < 0 ? Value.Null(type) : Whole(type, sum);
    }

    private static Value Subtract(FeatureType type, long left, long right)
    {
        var difference = unchecked(left - right);
        return ((left ^ right) & (left ^ difference)) < 0 ? Value.Null(type) : Whole(type, difference);
    }

    private static Value Multiply(long left, long right)
    {
        var product = Math.BigMul(left, right);
        return product < long.MinValue || product > long.MaxValue ? Value.Null(Integer) : Value.FromInt64((long)product);
    }

    private static Value Divide(long left, long right) =>
        right == 0 || (left == long.MinValue && right == -1) ? Value.Null(Integer) : Value.FromInt64(left / right);

    // The processor traps on the smallest int64 by -1, where the remainder is 0.
    private static Value Modulo(long left, long right) =>
        right == 0 ? Value.Null(Integer) : Value.FromInt64(right == -1 ? 0 : left % right);

    private static Value Truncate(double value) =>
        value is > -9_223_372_036_854_777_856.0 and < 9_223_372_036_854_775_808.0 ? Value.FromInt64((long)value) : Value.Null(Integer);
}
