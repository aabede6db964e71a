using System.Buffers;

namespace ZeroWorld.ML.Features;

/// <summary>A typed piece of a compiled expression.</summary>
/// <remarks>
/// A request and a training set run the same method, over one row or over many; only the operators' bodies look at values. Immutable and thread safe.
/// </remarks>
/// <param name="type">What evaluating gives, or a null of it.</param>
/// <param name="canonical">The text that fingerprints use: operators with their versions, no blanks.</param>
internal abstract class ExpressionNode(FeatureType type, string canonical)
{
    public FeatureType Type { get; } = type;

    public string Canonical { get; } = canonical;

    /// <summary>The nodes that this one is made of.</summary>
    public virtual IEnumerable<ExpressionNode> Operands => [];

    /// <summary>Every row of some columns. Never throws; only texts and lists that are made allocate.</summary>
    /// <param name="results">One per row.</param>
    public abstract void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results);
}

internal sealed class LiteralNode(FeatureValue value, string canonical) : ExpressionNode(value.Type, canonical)
{
    public FeatureValue Value => value;

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results) => results.Fill(value);
}

internal sealed class TimeNode() : ExpressionNode(FeatureType.Timestamp, FeatureService.TimeValue)
{
    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = FeatureValue.FromTimestamp(columns.Moments[row]);
        }
    }
}

internal sealed class RequestNode(string name, FeatureType type, int index) : ExpressionNode(type, name)
{
    public int Index => index;

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results) =>
        columns.Request(index).CopyTo(results);
}

internal sealed class ColumnNode(string name, FeatureType type, int index) : ExpressionNode(type, name)
{
    public int Index => index;

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results) =>
        columns.Column(index).CopyTo(results);
}

internal sealed class HiddenNode(string name, FeatureType type, int index) : ExpressionNode(type, name)
{
    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results) =>
        columns.Transform(index).CopyTo(results);
}

/// <summary>One operand; a null gives a null.</summary>
internal sealed class UnaryNode(ExpressionOperator op, ExpressionNode operand)
    : ExpressionNode(op.Result, $"{op.Name}@{op.Version}({operand.Canonical})")
{
    private readonly UnaryBody _body = op.Unary!;

    public override IEnumerable<ExpressionNode> Operands => [operand];

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        operand.Evaluate(columns, results);
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = results[row].IsNull ? FeatureValue.Null(Type) : _body(results[row]);
        }
    }
}

/// <summary>Two operands; a null on either side gives a null.</summary>
internal sealed class BinaryNode(ExpressionOperator op, ExpressionNode left, ExpressionNode right)
    : ExpressionNode(op.Result, $"{op.Name}@{op.Version}({left.Canonical},{right.Canonical})")
{
    private readonly BinaryBody _body = op.Binary!;

    public override IEnumerable<ExpressionNode> Operands => [left, right];

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        using var rented = new RentedValues(results.Length);
        left.Evaluate(columns, results);
        right.Evaluate(columns, rented.Values);
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = results[row].IsNull || rented.Values[row].IsNull ? FeatureValue.Null(Type) : _body(results[row], rented.Values[row]);
        }
    }
}

/// <summary>Three operands or more; a null among them gives a null.</summary>
internal sealed class CallNode(ExpressionOperator op, ExpressionNode[] operands)
    : ExpressionNode(op.Result, $"{op.Name}@{op.Version}({string.Join(',', operands.Select(static operand => operand.Canonical))})")
{
    private readonly ManyBody _body = op.Many!;

    public override IEnumerable<ExpressionNode> Operands => operands;

    // Column by column into one block, so that a row's operands lie a block apart: they are gathered row by row.
    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        using var block = new RentedValues(operands.Length * results.Length);
        using var row = new RentedValues(operands.Length);
        for (var index = 0; index < operands.Length; index++)
        {
            operands[index].Evaluate(columns, block.Values.Slice(index * results.Length, results.Length));
        }

        for (var at = 0; at < results.Length; at++)
        {
            var isNull = false;
            for (var index = 0; index < operands.Length; index++)
            {
                row.Values[index] = block.Values[(index * results.Length) + at];
                isNull |= row.Values[index].IsNull;
            }

            results[at] = isNull ? FeatureValue.Null(Type) : _body(row.Values);
        }
    }
}

/// <summary>and, or of three-valued logic: a deciding side decides, whatever the other one is.</summary>
internal sealed class LogicNode(bool isAnd, ExpressionNode left, ExpressionNode right)
    : ExpressionNode(FeatureType.Bool, $"{(isAnd ? "and" : "or")}@1({left.Canonical},{right.Canonical})")
{
    public override IEnumerable<ExpressionNode> Operands => [left, right];

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        using var rented = new RentedValues(results.Length);
        left.Evaluate(columns, results);
        right.Evaluate(columns, rented.Values);
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = Decides(results[row]) ? results[row] : Decide(results[row], rented.Values[row]);
        }
    }

    private bool Decides(in FeatureValue value) => !value.IsNull && value.AsBool() != isAnd;

    private FeatureValue Decide(in FeatureValue first, in FeatureValue second) =>
        Decides(second) ? second : first.IsNull || second.IsNull ? FeatureValue.Null(FeatureType.Bool) : FeatureValue.FromBool(isAnd);
}

/// <summary>A null condition gives a null. Both branches run: nothing that an expression does can fail.</summary>
internal sealed class IfNode(ExpressionNode condition, ExpressionNode whenTrue, ExpressionNode whenFalse)
    : ExpressionNode(whenTrue.Type, $"if@1({condition.Canonical},{whenTrue.Canonical},{whenFalse.Canonical})")
{
    public override IEnumerable<ExpressionNode> Operands => [condition, whenTrue, whenFalse];

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        using var yes = new RentedValues(results.Length);
        using var no = new RentedValues(results.Length);
        condition.Evaluate(columns, results);
        whenTrue.Evaluate(columns, yes.Values);
        whenFalse.Evaluate(columns, no.Values);
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = results[row].IsNull ? FeatureValue.Null(Type) : results[row].AsBool() ? yes.Values[row] : no.Values[row];
        }
    }
}

internal sealed class CoalesceNode(ExpressionNode first, ExpressionNode second)
    : ExpressionNode(first.Type, $"coalesce@1({first.Canonical},{second.Canonical})")
{
    public override IEnumerable<ExpressionNode> Operands => [first, second];

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        using var rented = new RentedValues(results.Length);
        first.Evaluate(columns, results);
        second.Evaluate(columns, rented.Values);
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = results[row].IsNull ? rented.Values[row] : results[row];
        }
    }
}

internal sealed class IsNullNode(ExpressionNode operand) : ExpressionNode(FeatureType.Bool, $"is_null@1({operand.Canonical})")
{
    public override IEnumerable<ExpressionNode> Operands => [operand];

    public override void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results)
    {
        operand.Evaluate(columns, results);
        for (var row = 0; row < results.Length; row++)
        {
            results[row] = FeatureValue.FromBool(results[row].IsNull);
        }
    }
}

/// <summary>Room for values while a node is evaluated.</summary>
internal readonly ref struct RentedValues(int count)
{
    private readonly FeatureValue[] _array = ArrayPool<FeatureValue>.Shared.Rent(count);
    private readonly int _count = count;

    public Span<FeatureValue> Values => _array.AsSpan(0, _count);

    // Texts and lists must not be kept alive by the pool.
    public void Dispose() => ArrayPool<FeatureValue>.Shared.Return(_array, clearArray: true);
}
