using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>A mapping with known properties; what is wrong with it goes to the errors, and the reader goes on.</summary>
internal sealed class YamlObject
{
    private readonly YamlNode _node;
    private readonly string _what;
    private readonly DefinitionErrors _errors;
    private readonly Dictionary<string, YamlNode> _properties = new(StringComparer.Ordinal);

    private YamlObject(YamlNode node, string what, DefinitionErrors errors)
    {
        _node = node;
        _what = what;
        _errors = errors;
    }

    public YamlNode Node => _node;

    /// <param name="what">What the mapping defines, for messages: "an entity".</param>
    /// <param name="properties">All that may be there.</param>
    /// <returns><see langword="null"/> when the node is no mapping.</returns>
    public static YamlObject? Of(YamlNode node, string what, DefinitionErrors errors, params ReadOnlySpan<string> properties)
    {
        if (node is not YamlMap map)
        {
            errors.Add(node, $"{what} is {node.Kind}; expected a mapping with: {string.Join(", ", properties)}");
            return null;
        }

        var result = new YamlObject(node, what, errors);
        foreach (var (key, value) in map.Entries)
        {
            if (properties.Contains(key.Value))
            {
                result._properties.Add(key.Value, value);
            }
            else
            {
                errors.Add(key, $"unknown property '{YamlScalar.Shorten(key.Value)}' of {what}; expected one of: {string.Join(", ", properties)}");
            }
        }

        return result;
    }

    public bool Has(string property) => _properties.ContainsKey(property);

    public YamlNode? Find(string property) => _properties.GetValueOrDefault(property);

    public void Fail(string property, string message) => _errors.Add(Find(property) ?? _node, message);

    /// <summary>The node of a property that must be there.</summary>
    public YamlNode? Require(string property, string expected)
    {
        if (_properties.TryGetValue(property, out var node))
        {
            return node;
        }

        _errors.Add(_node, $"'{property}' of {_what} is missing; expected {expected}");
        return null;
    }

    /// <summary>A text; numbers and bools that are not in quotes are none.</summary>
    public string? Text(string property, string expected, bool isRequired)
    {
        var node = isRequired ? Require(property, expected) : Find(property);
        if (node is null or YamlScalar { ScalarKind: YamlScalarKind.Text, Value.Length: > 0 })
        {
            return (node as YamlScalar)?.Value;
        }

        _errors.Add(node, $"'{property}' of {_what} is {node.Kind}; expected {expected}");
        return null;
    }

    /// <summary>A name by the rules of definitions.</summary>
    public string? Name(string property, bool isRequired = true)
    {
        const string Expected = "a name: a lower-case letter, then lower-case letters, digits and '_', at most 64 characters";
        var text = Text(property, Expected, isRequired);
        if (text is null || DefinitionNames.IsName(text))
        {
            return text;
        }

        Fail(property, $"'{property}' of {_what} is '{YamlScalar.Shorten(text)}'; expected {Expected}");
        return null;
    }

    /// <summary>The name of a source column.</summary>
    public string? ColumnName(string property, bool isRequired)
    {
        var text = Text(property, DefinitionNames.ExpectedColumn, isRequired);
        if (text is null || DefinitionNames.IsColumn(text))
        {
            return text;
        }

        Fail(property, $"'{property}' of {_what} is '{YamlScalar.Shorten(text)}'; expected {DefinitionNames.ExpectedColumn}");
        return null;
    }

    /// <param name="names">The types that are possible here, for messages; <see langword="null"/>: all.</param>
    public FeatureType? Type(string property, string? names = null)
    {
        names ??= FeatureTypeNames.All;
        var text = Text(property, $"a type: {names}", isRequired: true);
        if (text is null)
        {
            return null;
        }

        if (FeatureTypeNames.TryParse(text, out var type))
        {
            return type;
        }

        Fail(property, $"'{property}' of {_what} is '{YamlScalar.Shorten(text)}'; expected one of: {names}");
        return null;
    }

    public bool Bool(string property, bool absent)
    {
        switch (Find(property))
        {
            case null:
                return absent;
            case YamlScalar { ScalarKind: YamlScalarKind.Bool, Value: var text }:
                return text is "true" or "True" or "TRUE";
            case var node:
                _errors.Add(node, $"'{property}' of {_what} is {node.Kind}; expected true or false");
                return absent;
        }
    }

    public long Integer(string property, long absent, long least, long most)
    {
        var node = Find(property);
        if (node is null)
        {
            return absent;
        }

        if (node is YamlScalar { ScalarKind: YamlScalarKind.Integer, Value: var text }
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most)
        {
            return value;
        }

        _errors.Add(node, $"'{property}' of {_what} is {node.Kind}; expected an integer from {least} to {most}");
        return absent;
    }

    public TimeSpan? Duration(string property, bool isPositive, bool isRequired)
    {
        var expected = isPositive ? $"a positive duration: {DefinitionNames.ExpectedDuration}" : $"a duration: {DefinitionNames.ExpectedDuration}";
        var node = isRequired ? Require(property, expected) : Find(property);
        if (node is null)
        {
            return null;
        }

        if (node is YamlScalar { ScalarKind: YamlScalarKind.Text or YamlScalarKind.Integer, Value: var text }
            && DefinitionNames.TryParseDuration(text, out var span) && (span > TimeSpan.Zero || !isPositive))
        {
            return span;
        }

        _errors.Add(node, $"'{property}' of {_what} is {node.Kind}; expected {expected}");
        return null;
    }

    /// <returns>The items; none where the property is absent or no list.</returns>
    public IReadOnlyList<YamlNode> List(string property, string expected, bool isRequired)
    {
        var node = isRequired ? Require(property, expected) : Find(property);
        switch (node)
        {
            case null:
                return [];
            case YamlList { Items: var items } when items.Count > 0 || !isRequired:
                return items;
            default:
                _errors.Add(node, $"'{property}' of {_what} is {(node is YamlList ? "an empty list" : node.Kind)}; expected {expected}");
                return [];
        }
    }

    /// <returns>The entries of a mapping of texts; none where the property is absent or no such mapping.</returns>
    public IReadOnlyList<KeyValuePair<YamlScalar, YamlScalar>> Texts(string property, string expected)
    {
        var node = Find(property);
        if (node is null)
        {
            return [];
        }

        if (node is not YamlMap map)
        {
            _errors.Add(node, $"'{property}' of {_what} is {node.Kind}; expected {expected}");
            return [];
        }

        var texts = new List<KeyValuePair<YamlScalar, YamlScalar>>();
        foreach (var (key, value) in map.Entries)
        {
            if (value is YamlScalar { ScalarKind: YamlScalarKind.Text, Value.Length: > 0 } text && key.Value.Length > 0)
            {
                texts.Add(new KeyValuePair<YamlScalar, YamlScalar>(key, text));
            }
            else
            {
                _errors.Add(value, $"'{YamlScalar.Shorten(key.Value)}' in '{property}' of {_what} is {value.Kind}; expected {expected}");
            }
        }

        return texts;
    }

    /// <summary>Description, owner and tags, which every definition may have.</summary>
    public DefinitionDetails Details()
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Texts("tags", "a mapping of names to texts"))
        {
            tags[key.Value] = value.Value;
        }

        var (description, owner) = (Text("description", "a text", isRequired: false), Text("owner", "a text", isRequired: false));
        return description is null && owner is null && tags.Count == 0 ? DefinitionDetails.None : new DefinitionDetails(description, owner, tags);
    }

    /// <summary>The default of a feature or request value.</summary>
    /// <returns>A null of the type where none is declared.</returns>
    public FeatureValue Default(FeatureType type)
    {
        var node = Find("default");
        if (node is null)
        {
            return FeatureValue.Null(type);
        }

        if (node is YamlScalar scalar && YamlValue.TryRead(scalar, type, out var value))
        {
            return value;
        }

        _errors.Add(node, $"'default' of {_what} is {node.Kind}; expected {YamlValue.Expected(type)}");
        return FeatureValue.Null(type);
    }
}
