namespace ZeroWorld.ML.Features;

/// <summary>The names that an expression may read, each with the node that reads it.</summary>
internal sealed class ExpressionScope
{
    private readonly Dictionary<string, ExpressionNode> _nodes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    /// <summary>What a service's first transform may read; the loop over transforms adds each one after it is compiled.</summary>
    public static ExpressionScope Of(IReadOnlyList<RequestValue> request, IReadOnlyList<ServiceColumn> columns)
    {
        var scope = new ExpressionScope();
        scope._nodes[FeatureService.TimeValue] = new TimeNode();
        for (var index = 0; index < request.Count; index++)
        {
            scope.Add(request[index].Name, request[index].Type, new RequestNode(request[index].Name, request[index].Type, index));
        }

        for (var index = 0; index < columns.Count; index++)
        {
            if (columns[index].View is not null)
            {
                scope.Add(columns[index].Name, columns[index].Type, new ColumnNode(columns[index].Name, columns[index].Type, index));
            }
        }

        return scope;
    }

    /// <summary>What a filter of rows may read: columns of a source, and no moment of a read.</summary>
    public static ExpressionScope OfColumns(IReadOnlyList<StoredColumn> columns)
    {
        var scope = new ExpressionScope();
        for (var index = 0; index < columns.Count; index++)
        {
            scope.Add(columns[index].Name, columns[index].Type, new RequestNode(columns[index].Name, columns[index].Type, index));
        }

        return scope;
    }

    /// <param name="column">Index of the service's column that shows the transform, or -1.</param>
    public void AddTransform(Transform transform, int index, int column) => Add(
        transform.Name,
        transform.Type,
        column >= 0 ? new ColumnNode(transform.Name, transform.Type, column) : new HiddenNode(transform.Name, transform.Type, index));

    /// <exception cref="ExpressionException">There is no such name, or it holds bytes.</exception>
    public ExpressionNode Resolve(string name, int position)
    {
        if (_nodes.TryGetValue(name, out var node))
        {
            return node;
        }

        throw _unreadable.Contains(name)
            ? new ExpressionException(position, $"'{name}' holds bytes, which expressions cannot read; expected one of: {Names()}")
            : new ExpressionException(position, $"there is no value '{name}'; expected one of: {Names()}") { UnknownName = name };
    }

    private void Add(string name, FeatureType type, ExpressionNode node)
    {
        if (type == FeatureType.Bytes)
        {
            _unreadable.Add(name);
        }
        else
        {
            _nodes[name] = type == FeatureType.Float32 ? new UnaryNode(ExpressionOperators.WidenSingle, node) : node;
        }
    }

    private string Names() => string.Join(", ", _nodes.Keys.Order(StringComparer.Ordinal));
}
