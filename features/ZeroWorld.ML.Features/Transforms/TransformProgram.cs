namespace ZeroWorld.ML.Features;

/// <summary>One transform, compiled: typed, bounded, and without exceptions when it runs.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class TransformProgram
{
    private readonly ExpressionNode _body;

    private TransformProgram(ExpressionNode body) => _body = body;

    /// <summary>The expression as fingerprints see it: operators with their versions, no blanks.</summary>
    public string Canonical => _body.Canonical;

    /// <exception cref="ExpressionException">The expression does not compile, or does not give the declared type.</exception>
    public static TransformProgram Compile(Transform transform, ExpressionScope scope)
    {
        var node = ExpressionParser.Parse(transform.Expression, scope);
        return new TransformProgram(ExpressionBinder.Convert(node, transform.Type)
            ?? throw new ExpressionException(0, $"the expression gives {FeatureTypeNames.Of(node.Type)}; expected {FeatureTypeNames.Of(transform.Type)}, the declared type"));
    }

    /// <summary>Compiles the transforms of a service; each may read those above it.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>: names service, transform, column of the text and what was expected.</exception>
    public static TransformProgram[] CompileAll(FeatureService service)
    {
        var scope = ExpressionScope.Of(service.RequestValues, service.Columns);
        var programs = new TransformProgram[service.Transforms.Count];
        for (var index = 0; index < programs.Length; index++)
        {
            var transform = service.Transforms[index];
            try
            {
                programs[index] = Compile(transform, scope);
            }
            catch (ExpressionException exception)
            {
                throw new FeatureException(FeatureError.InvalidDefinition, Describe(service.Name, transform, exception), exception);
            }

            scope.AddTransform(transform, index, FindColumn(service.Columns, index));
        }

        return programs;
    }

    /// <summary>The sentence about a transform that does not compile.</summary>
    public static string Describe(string service, Transform transform, ExpressionException exception) =>
        $"Transform '{transform.Name}' of feature service '{service}', column {exception.Position + 1} of its expression: {exception.Message}.";

    /// <summary>Index of the column that shows the transform, or -1.</summary>
    public static int FindColumn(IReadOnlyList<ServiceColumn> columns, int transform)
    {
        for (var index = 0; index < columns.Count; index++)
        {
            if (columns[index].Transform == transform)
            {
                return index;
            }
        }

        return -1;
    }

    /// <param name="results">One per row: values of the declared type, or nulls of it.</param>
    public void Evaluate(in ExpressionColumns columns, Span<FeatureValue> results) => _body.Evaluate(columns, results);

    /// <summary>The request values and columns that the expression reads, by index.</summary>
    public void CollectInputs(ISet<int> request, ISet<int> columns)
    {
        var open = new Stack<ExpressionNode>([_body]);
        while (open.TryPop(out var node))
        {
            _ = node switch
            {
                RequestNode value => request.Add(value.Index),
                ColumnNode column => columns.Add(column.Index),
                _ => false,
            };
            foreach (var operand in node.Operands)
            {
                open.Push(operand);
            }
        }
    }
}
