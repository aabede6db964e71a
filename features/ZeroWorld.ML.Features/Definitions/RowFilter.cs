namespace ZeroWorld.ML.Features;

/// <summary>Says which rows of a source count for a view: those for which an expression over its columns is true, not false and not NULL.</summary>
/// <remarks>Immutable and thread safe. Tables, pushes and streams are filtered by this code, vectorised as transforms are.</remarks>
public sealed class RowFilter
{
    // Rows that fit the processor's caches.
    private const int BlockRows = 256;

    private readonly ExpressionNode _body;
    private readonly TransformSlots _slots;

    private RowFilter(string expression, ExpressionNode body, IReadOnlyList<StoredColumn> columns, IReadOnlyList<StoredColumn> declared)
    {
        Expression = expression;
        _body = body;
        _slots = TransformSlots.OfValues(columns.Count);
        Columns = columns;
        Declared = declared;
    }

    /// <summary>The expression as it was written.</summary>
    public string Expression { get; }

    /// <summary>The expression as fingerprints see it: operators with their versions, no blanks.</summary>
    public string Canonical => _body.Canonical;

    /// <summary>The source columns that it reads; one or more.</summary>
    public IReadOnlyList<StoredColumn> Columns { get; }

    /// <summary>Those whose types were declared for it.</summary>
    public IReadOnlyList<StoredColumn> Declared { get; }

    /// <param name="expression">The text.</param>
    /// <param name="known">What it may read, each name once.</param>
    /// <param name="declared">Those among them that are declared for it alone.</param>
    /// <exception cref="ExpressionException">It does not compile, gives no bool or reads no column.</exception>
    internal static RowFilter Compile(string expression, IReadOnlyList<StoredColumn> known, IReadOnlyList<StoredColumn> declared)
    {
        // Twice: the second time over the columns that it reads, so that these alone are fetched.
        var read = ReadBy(Parse(expression, known)).Order().Select(index => known[index]).ToList();
        return read.Count > 0
            ? new RowFilter(expression, Parse(expression, read), read, declared)
            : throw new ExpressionException(0, "the expression reads no column; expected one, since it says which rows count");
    }

    /// <summary>Whether rows count.</summary>
    /// <param name="values">Column after column of <see cref="Columns"/>, each of the given rows; numbers of other types than the columns' are converted.</param>
    /// <param name="passes">One per row.</param>
    public void Evaluate(ReadOnlySpan<FeatureValue> values, Span<bool> passes)
    {
        using var block = new RentedValues(Columns.Count * BlockRows);
        using var results = new RentedValues(BlockRows);
        Span<long> moments = stackalloc long[BlockRows];
        for (var first = 0; first < passes.Length; first += BlockRows)
        {
            var rows = Math.Min(BlockRows, passes.Length - first);
            for (var column = 0; column < Columns.Count; column++)
            {
                var target = block.Values.Slice(column * BlockRows, rows);
                values.Slice((column * passes.Length) + first, rows).CopyTo(target);
                Convert(target, Columns[column].Type);
            }

            _body.Evaluate(new ExpressionColumns(moments[..rows], block.Values, BlockRows, _slots), results.Values[..rows]);
            for (var row = 0; row < rows; row++)
            {
                passes[first + row] = !results.Values[row].IsNull && results.Values[row].AsBool();
            }
        }
    }

    // What windows aggregate as float64 may come as any number, and the negative zero counts as zero.
    private static void Convert(Span<FeatureValue> values, FeatureType type)
    {
        if (type == FeatureType.Float64)
        {
            foreach (ref var value in values)
            {
                value = value.IsNull ? FeatureValue.Null(type) : FeatureValue.FromFloat64(value.ToDouble() + 0.0);
            }
        }
    }

    private static ExpressionNode Parse(string expression, IReadOnlyList<StoredColumn> columns)
    {
        var node = ExpressionParser.Parse(expression, ExpressionScope.OfColumns(columns));
        return node.Type == FeatureType.Bool
            ? node
            : throw new ExpressionException(0, $"the expression gives {FeatureTypeNames.Of(node.Type)}; expected bool: whether a row counts");
    }

    private static SortedSet<int> ReadBy(ExpressionNode body)
    {
        var read = new SortedSet<int>();
        var open = new Stack<ExpressionNode>([body]);
        while (open.TryPop(out var node))
        {
            if (node is RequestNode column)
            {
                read.Add(column.Index);
            }

            foreach (var operand in node.Operands)
            {
                open.Push(operand);
            }
        }

        return read;
    }
}
