namespace ZeroWorld.ML.Features;

internal delegate FeatureValue UnaryBody(in FeatureValue value);

internal delegate FeatureValue BinaryBody(in FeatureValue left, in FeatureValue right);

internal delegate FeatureValue ManyBody(ReadOnlySpan<FeatureValue> operands);

/// <summary>One overload of an operator or function.</summary>
/// <param name="Name">Name in expressions (functions) and in canonical text.</param>
/// <param name="Version">Raised when the output for any input changes; part of every fingerprint that uses it.</param>
/// <param name="Parameters">Types of the operands; see <c>IsVariadic</c>.</param>
/// <param name="Result">Type of the value.</param>
internal sealed record ExpressionOperator(
    string Name, int Version, FeatureType[] Parameters, FeatureType Result, UnaryBody? Unary, BinaryBody? Binary)
{
    public ManyBody? Many { get; init; }

    /// <value>Whether the last parameter may be repeated.</value>
    public bool IsVariadic { get; init; }

    /// <summary>The type of an operand by its place.</summary>
    public FeatureType ParameterAt(int index) => Parameters[Math.Min(index, Parameters.Length - 1)];

    /// <summary>int64 fits where a float64 is wanted; nothing else is converted unasked.</summary>
    public bool Accepts(ReadOnlySpan<ExpressionNode> operands, bool widen)
    {
        if (operands.Length != Parameters.Length && !(IsVariadic && operands.Length > Parameters.Length))
        {
            return false;
        }

        for (var index = 0; index < operands.Length; index++)
        {
            var type = operands[index].Type;
            if (type != ParameterAt(index) && !(widen && type == FeatureType.Int64 && ParameterAt(index) == FeatureType.Float64))
            {
                return false;
            }
        }

        return true;
    }
}
