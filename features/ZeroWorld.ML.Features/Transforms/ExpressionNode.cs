namespace ZeroWorld.ML.Features;

/// <summary>A typed piece of a compiled expression.</summary>
/// <param name="type">bool, int64, float64, string or timestamp: what <see cref="Evaluate"/> gives, or a null.</param>
/// <param name="canonical">The text that fingerprints use: operators with their versions, no blanks.</param>
internal abstract class ExpressionNode(FeatureType type, string canonical)
{
    public FeatureType Type { get; } = type;

    public string Canonical { get; } = canonical;

    /// <summary>Never throws and allocates nothing.</summary>
    public abstract FeatureValue Evaluate(in ExpressionContext context);
}

internal sealed class LiteralNode(FeatureValue value, string canonical) : ExpressionNode(value.Type, canonical)
{
    public FeatureValue Value => value;

    public override FeatureValue Evaluate(in ExpressionContext context) => value;
}

internal sealed class TimeNode() : ExpressionNode(FeatureType.Timestamp, FeatureService.TimeValue)
{
    public override FeatureValue Evaluate(in ExpressionContext context) => FeatureValue.FromTimestamp(context.Q);
}

internal sealed class RequestNode(string name, FeatureType type, int index) : ExpressionNode(type, name)
{
    public override FeatureValue Evaluate(in ExpressionContext context) => context.Request[index];
}

internal sealed class ColumnNode(string name, FeatureType type, int index) : ExpressionNode(type, name)
{
    public override FeatureValue Evaluate(in ExpressionContext context) => context.Row[index].Value;
}

internal sealed class HiddenNode(string name, FeatureType type, int index) : ExpressionNode(type, name)
{
    public override FeatureValue Evaluate(in ExpressionContext context) => context.Hidden[index];
}

/// <summary>One operand; a null gives a null.</summary>
internal sealed class UnaryNode(ExpressionOperator op, ExpressionNode operand)
    : ExpressionNode(op.Result, $"{op.Name}@{op.Version}({operand.Canonical})")
{
    private readonly UnaryBody _body = op.Unary!;

    public override FeatureValue Evaluate(in ExpressionContext context)
    {
        var value = operand.Evaluate(context);
        return value.IsNull ? FeatureValue.Null(Type) : _body(value);
    }
}

/// <summary>Two operands; a null on either side gives a null.</summary>
internal sealed class BinaryNode(ExpressionOperator op, ExpressionNode left, ExpressionNode right)
    : ExpressionNode(op.Result, $"{op.Name}@{op.Version}({left.Canonical},{right.Canonical})")
{
    private readonly BinaryBody _body = op.Binary!;

    public override FeatureValue Evaluate(in ExpressionContext context)
    {
        var first = left.Evaluate(context);
        if (first.IsNull)
        {
            return FeatureValue.Null(Type);
        }

        var second = right.Evaluate(context);
        return second.IsNull ? FeatureValue.Null(Type) : _body(first, second);
    }
}

/// <summary>and, or of three-valued logic: a deciding side decides, whatever the other one is.</summary>
internal sealed class LogicNode(bool isAnd, ExpressionNode left, ExpressionNode right)
    : ExpressionNode(FeatureType.Bool, $"{(isAnd ? "and" : "or")}@1({left.Canonical},{right.Canonical})")
{
    public override FeatureValue Evaluate(in ExpressionContext context)
    {
        var first = left.Evaluate(context);
        if (!first.IsNull && first.AsBool() != isAnd)
        {
            return first;
        }

        var second = right.Evaluate(context);
        return !second.IsNull && second.AsBool() != isAnd ? second
            : first.IsNull || second.IsNull ? FeatureValue.Null(FeatureType.Bool)
            : FeatureValue.FromBool(isAnd);
    }
}

/// <summary>A null condition gives a null; only the chosen branch runs.</summary>
internal sealed class IfNode(ExpressionNode condition, ExpressionNode whenTrue, ExpressionNode whenFalse)
    : ExpressionNode(whenTrue.Type, $"if@1({condition.Canonical},{whenTrue.Canonical},{whenFalse.Canonical})")
{
    public override FeatureValue Evaluate(in ExpressionContext context)
    {
        var decision = condition.Evaluate(context);
        return decision.IsNull ? FeatureValue.Null(Type) : decision.AsBool() ? whenTrue.Evaluate(context) : whenFalse.Evaluate(context);
    }
}

internal sealed class CoalesceNode(ExpressionNode first, ExpressionNode second)
    : ExpressionNode(first.Type, $"coalesce@1({first.Canonical},{second.Canonical})")
{
    public override FeatureValue Evaluate(in ExpressionContext context)
    {
        var value = first.Evaluate(context);
        return value.IsNull ? second.Evaluate(context) : value;
    }
}

internal sealed class IsNullNode(ExpressionNode operand) : ExpressionNode(FeatureType.Bool, $"is_null@1({operand.Canonical})")
{
    public override FeatureValue Evaluate(in ExpressionContext context) => FeatureValue.FromBool(operand.Evaluate(context).IsNull);
}
