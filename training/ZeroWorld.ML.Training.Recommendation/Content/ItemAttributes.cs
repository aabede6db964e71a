namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What is known of items beside who used them: texts such as <c>genre=Comedy</c>, several per item.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class ItemAttributes
{
    private readonly SparseRows _rows;
    private readonly Dictionary<string, int> _tokens;

    private ItemAttributes(SparseRows rows, string[] tokens)
    {
        (_rows, Tokens) = (rows, tokens);
        _tokens = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var token = 0; token < tokens.Length; token++)
        {
            _tokens[tokens[token]] = token;
        }
    }

    /// <summary>All attributes, each as <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <param name="items">The vocabulary.</param>
    /// <param name="attributes">Item id, name and value; ids outside the vocabulary are left out.</param>
    public static ItemAttributes Of(IdVocabulary items, IEnumerable<(string Item, string Name, string Value)> attributes)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(attributes);
        var (tokens, names) = (new Dictionary<string, int>(StringComparer.Ordinal), new List<string>());
        var rows = new SortedSet<int>[items.Count];
        foreach (var (item, name, value) in attributes)
        {
            if (items.TryGetIndex(item, out var index))
            {
                var token = $"{name}={value}";
                if (!tokens.TryGetValue(token, out var place))
                {
                    tokens.Add(token, place = names.Count);
                    names.Add(token);
                }

                (rows[index] ??= []).Add(place);
            }
        }

        return new ItemAttributes(SparseRows.Of([.. rows.Select(static row => (row is null ? [] : row.ToArray(), new float[row?.Count ?? 0]))]), [.. names]);
    }

    /// <summary>Whether an item has one of the values of an attribute.</summary>
    public bool HasAny(int item, string name, IEnumerable<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var own = _rows.ColumnsOf(item);
        foreach (var value in values)
        {
            if (_tokens.TryGetValue($"{name}={value}", out var token) && own.Contains(token))
            {
                return true;
            }
        }

        return false;
    }

    internal bool HasName(string name) => Tokens.Any(token => token.StartsWith($"{name}=", StringComparison.Ordinal));

    internal ReadOnlySpan<int> TokensOf(int item) => _rows.ColumnsOf(item);

    internal bool TryGetToken(string token, out int index) => _tokens.TryGetValue(token, out index);

    internal void Write(SectionFile file)
    {
        file.Add("attributes", Tokens);
        file.Add("item_attribute_starts", _rows.Starts);
        file.Add("item_attributes", _rows.Columns);
    }

    internal static ItemAttributes? Read(SectionFile file, int items)
    {
        if (!file.Has("attributes"))
        {
            return null;
        }

        var (tokens, starts, columns) = (file.Texts("attributes"), file.Integers("item_attribute_starts"), file.Integers("item_attributes"));
        InteractionSections.CheckRows("item_attributes", starts, columns, items, tokens.Length);
        return new ItemAttributes(new SparseRows(starts, columns, new float[columns.Length]), tokens);
    }
}
