using Value = ZeroWorld.ML.Features.FeatureValue;

namespace ZeroWorld.ML.Features;

/// <summary>Functions of vectors, which are lists of float64: those that views give, and those made of numbers here.</summary>
/// <remarks>Sums run from the first element to the last, so that they have the same bits everywhere.</remarks>
internal static class VectorOperators
{
    private const FeatureType Integer = FeatureType.Int64;
    private const FeatureType Real = FeatureType.Float64;
    private const FeatureType Vector = FeatureType.Float64List;

    public static IReadOnlyList<string> Names { get; } = ["cosine", "dot", "element", "norm", "size", "vector"];

    public static IEnumerable<ExpressionOperator> All { get; } =
    [
        new("vector", 1, [Real], Vector, null, null) { Many = Make, IsVariadic = true },
        new("dot", 1, [Vector, Vector], Real, null, static (in Value a, in Value b) => Dot(a.AsFloat64List(), b.AsFloat64List())),
        new("cosine", 1, [Vector, Vector], Real, null, static (in Value a, in Value b) => Cosine(a.AsFloat64List(), b.AsFloat64List())),
        new("norm", 1, [Vector], Real, static (in Value a) => Value.FromFloat64(Norm(a.AsFloat64List())), null),
        new("size", 1, [Vector], Integer, static (in Value a) => Value.FromInt64(a.AsFloat64List().Length), null),
        new("size", 1, [FeatureType.Int64List], Integer, static (in Value a) => Value.FromInt64(a.AsInt64List().Length), null),
        new("size", 1, [FeatureType.StringList], Integer, static (in Value a) => Value.FromInt64(a.AsStringList().Length), null),
        new("element", 1, [Vector, Integer], Real, null, static (in Value a, in Value b) =>
            IsPlace(a.AsFloat64List().Length, b.AsInt64()) ? Value.FromFloat64(a.AsFloat64List()[(int)b.AsInt64() - 1]) : Value.Null(Real)),
        new("element", 1, [FeatureType.Int64List, Integer], Integer, null, static (in Value a, in Value b) =>
            IsPlace(a.AsInt64List().Length, b.AsInt64()) ? Value.FromInt64(a.AsInt64List()[(int)b.AsInt64() - 1]) : Value.Null(Integer)),
        new("element", 1, [FeatureType.StringList, Integer], FeatureType.String, null, static (in Value a, in Value b) =>
            IsPlace(a.AsStringList().Length, b.AsInt64()) ? Value.FromString(a.AsStringList()[(int)b.AsInt64() - 1]) : Value.Null(FeatureType.String)),
    ];

    private static bool IsPlace(int length, long place) => place >= 1 && place <= length;

    private static Value Make(ReadOnlySpan<Value> operands)
    {
        var elements = new double[operands.Length];
        for (var index = 0; index < elements.Length; index++)
        {
            elements[index] = operands[index].AsFloat64();
        }

        return Value.FromFloat64List(elements);
    }

    private static double Sum(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sum = 0.0;
        for (var index = 0; index < left.Length; index++)
        {
            sum += left[index] * right[index];
        }

        return sum;
    }

    private static double Norm(ReadOnlySpan<double> vector) => Math.Sqrt(Sum(vector, vector));

    private static Value Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right) =>
        left.Length == right.Length ? Value.FromFloat64(Sum(left, right)) : Value.Null(Real);

    private static Value Cosine(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var length = Norm(left) * Norm(right);
        return left.Length == right.Length && length != 0 ? Value.FromFloat64(Sum(left, right) / length) : Value.Null(Real);
    }
}
