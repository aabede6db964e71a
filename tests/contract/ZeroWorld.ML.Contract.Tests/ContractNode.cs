using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A node of a truth table, which says where it stands when it is wrong.</summary>
internal sealed class ContractNode(string file, YamlNode node)
{
    public long Line => node.Start.Line;

    public string Place => string.Create(CultureInfo.InvariantCulture, $"{file}:{node.Start.Line}");

    public bool IsScalar => node is YamlScalarNode;

    public FormatException Error(string message) => new($"{Place}: {message}.");

    public void Allow(params string[] names)
    {
        var map = node as YamlMappingNode ?? throw Error($"expected a mapping with: {string.Join(", ", names)}");
        foreach (var key in map.Children.Keys.OfType<YamlScalarNode>())
        {
            if (!names.Contains(key.Value))
            {
                throw Error($"unknown property '{key.Value}'; expected one of: {string.Join(", ", names)}");
            }
        }
    }

    public bool Has(string name) => node is YamlMappingNode map && map.Children.ContainsKey(new YamlScalarNode(name));

    public ContractNode Get(string name) => Has(name)
        ? new ContractNode(file, ((YamlMappingNode)node).Children[new YamlScalarNode(name)])
        : throw Error($"'{name}' is missing");

    public IReadOnlyList<ContractNode> List(string name) => !Has(name)
        ? []
        : ((YamlMappingNode)node).Children[new YamlScalarNode(name)] is YamlSequenceNode list
            ? [.. list.Children.Select(item => new ContractNode(file, item))]
            : throw Error($"'{name}' is no list");

    public string Text(string name, string? absent) => Has(name)
        ? ((YamlMappingNode)node).Children[new YamlScalarNode(name)] is YamlScalarNode { Value: { } text } ? text : throw Error($"'{name}' is no text")
        : absent ?? throw Error($"'{name}' is missing");

    public long Integer(string name, long? absent = null) => Has(name)
        ? Get(name).Value(FeatureType.Int64).AsInt64()
        : absent ?? throw Error($"'{name}' is missing");

    public FeatureType Type(string name, FeatureType absent) =>
        !Has(name) ? absent : FeatureTypeNames.TryParse(Text(name, null), out var type) ? type : throw Error($"'{name}' is '{Text(name, null)}'; expected one of: {FeatureTypeNames.All}");

    /// <summary>The scalar as a value of the type; plain <c>null</c> is a null, <c>.nan</c> and <c>.inf</c> are numbers.</summary>
    public FeatureValue Value(FeatureType type)
    {
        if (node is YamlSequenceNode list)
        {
            var items = list.Children.Select(item => new ContractNode(file, item)).ToList();
            return type switch
            {
                FeatureType.Int64List => FeatureValue.FromInt64List([.. items.Select(static item => item.Value(FeatureType.Int64).AsInt64())]),
                FeatureType.Float64List => FeatureValue.FromFloat64List([.. items.Select(static item => item.Value(FeatureType.Float64).AsFloat64())]),
                FeatureType.StringList => FeatureValue.FromStringList([.. items.Select(static item => item.Value(FeatureType.String).AsString())]),
                _ => throw Error($"a list is no {FeatureTypeNames.Of(type)}"),
            };
        }

        if (node is not YamlScalarNode { Value: { } text } scalar)
        {
            throw Error("expected a value");
        }

        if (scalar.Style == ScalarStyle.Plain && text is "null" or "~" or "")
        {
            return FeatureValue.Null(type);
        }

        return type switch
        {
            FeatureType.Int64 => FeatureValue.FromInt64(long.Parse(text, CultureInfo.InvariantCulture)),
            FeatureType.Timestamp => FeatureValue.FromTimestamp(long.Parse(text, CultureInfo.InvariantCulture)),
            FeatureType.Float64 => FeatureValue.FromFloat64(Number(text)),
            FeatureType.Float32 => FeatureValue.FromFloat32((float)Number(text)),
            FeatureType.Bool => FeatureValue.FromBool(bool.Parse(text)),
            FeatureType.String => FeatureValue.FromString(text),
            _ => throw Error($"a table cannot hold {FeatureTypeNames.Of(type)}"),
        };
    }

    private static double Number(string text) => text switch
    {
        ".nan" => double.NaN,
        ".inf" => double.PositiveInfinity,
        "-.inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
