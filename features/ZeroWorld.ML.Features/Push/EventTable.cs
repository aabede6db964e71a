namespace ZeroWorld.ML.Features;

/// <summary>The columns of one push by name.</summary>
internal sealed class EventTable
{
    private readonly Dictionary<string, EventColumn> _columns = new(StringComparer.Ordinal);

    public EventTable(IReadOnlyList<EventColumn> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        foreach (var column in columns)
        {
            if (!_columns.TryAdd(column.Name, column))
            {
                throw new FeatureException(FeatureError.InvalidInput, $"Column '{column.Name}' is given twice; expected each name once.");
            }

            if (column.Values.Count != columns[0].Values.Count)
            {
                throw new FeatureException(
                    FeatureError.InvalidInput,
                    $"Column '{column.Name}' has {column.Values.Count} values and column '{columns[0].Name}' {columns[0].Values.Count}; expected one value per event.");
            }
        }

        Rows = columns.Count == 0 ? 0 : columns[0].Values.Count;
    }

    public int Rows { get; }

    public EventColumn? Find(string name) => _columns.GetValueOrDefault(name);

    /// <param name="name">Name in the source.</param>
    /// <param name="use">What a view needs it for.</param>
    /// <param name="types">The types that will do.</param>
    public EventColumn Get(string name, string use, params ReadOnlySpan<FeatureType> types)
    {
        if (!_columns.TryGetValue(name, out var column))
        {
            var given = _columns.Count == 0 ? "none" : string.Join(", ", _columns.Keys.Order(StringComparer.Ordinal));
            throw new FeatureException(FeatureError.InvalidInput, $"Column '{name}' is missing: {use}. Given: {given}.");
        }

        return types.Contains(column.Type)
            ? column
            : throw new FeatureException(
                FeatureError.InvalidInput, $"Column '{name}' holds {FeatureTypeNames.Of(column.Type)} values: {use}; expected {string.Join(" or ", types.ToArray().Select(FeatureTypeNames.Of))}.");
    }
}
