using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads a YAML mapping as the same tree that protobuf's text format gives: a list is a field that is repeated.</summary>
/// <remarks>For files from outside: no anchors, aliases, tags and lists of lists; length, nesting and number of values are bounded.</remarks>
internal sealed class YamlConfigTree
{
    private const int NestingMax = 16;
    private const int ValuesMax = 100_000;
    private readonly Parser _parser;
    private int _values;

    private YamlConfigTree(string text) => _parser = new Parser(new StringReader(text));

    /// <exception cref="ModelConfigException">Where it is no such YAML.</exception>
    public static IReadOnlyList<ConfigNode> Read(string text)
    {
        if (text.Length > PbTextReader.LengthMax)
        {
            throw new ModelConfigException(1, 1, $"the file has {text.Length} characters; expected at most {PbTextReader.LengthMax}");
        }

        var tree = new YamlConfigTree(text);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException exception)
        {
            throw new ModelConfigException((int)exception.Start.Line, (int)exception.Start.Column, (exception.InnerException ?? exception).Message);
        }
        catch (InvalidOperationException)
        {
            // The scanner's own way to say that a value breaks off.
            throw new ModelConfigException(1, 1, "a value or a bracket is not ended");
        }
    }

    private List<ConfigNode> ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            return [];
        }

        _parser.Consume<DocumentStart>();
        var nodes = new List<ConfigNode>();
        if (_parser.TryConsume<MappingStart>(out var start))
        {
            ReadMapping(nodes, start, 0);
        }
        else if (!(_parser.TryConsume<Scalar>(out var scalar) && IsNull(scalar)))
        {
            throw Wrong(_parser.Current, "the file holds no mapping; expected 'name: value' lines");
        }

        _parser.Consume<DocumentEnd>();
        return _parser.TryConsume<StreamEnd>(out _) ? nodes : throw Wrong(_parser.Current, "the file has a second document");
    }

    private void ReadMapping(List<ConfigNode> nodes, MappingStart start, int depth)
    {
        if (depth > NestingMax)
        {
            throw Wrong(start, $"values are nested more than {NestingMax} deep");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var name = _parser.TryConsume<Scalar>(out var key) ? key : throw Wrong(_parser.Current, "a name was expected here");
            if (!names.Add(name.Value))
            {
                throw Wrong(name, $"'{name.Value}' is there twice");
            }

            if (_parser.TryConsume<SequenceStart>(out _))
            {
                while (!_parser.TryConsume<SequenceEnd>(out _))
                {
                    ReadValue(nodes, name.Value, depth);
                }
            }
            else
            {
                ReadValue(nodes, name.Value, depth);
            }
        }
    }

    private void ReadValue(List<ConfigNode> nodes, string name, int depth)
    {
        if (++_values > ValuesMax)
        {
            throw Wrong(_parser.Current, $"there are more than {ValuesMax} values");
        }

        if (_parser.TryConsume<MappingStart>(out var start))
        {
            var fields = new List<ConfigNode>();
            ReadMapping(fields, start, depth + 1);
            nodes.Add(new ConfigNode(name, ConfigKind.Message, "", fields, (int)start.Start.Line, (int)start.Start.Column));
            return;
        }

        if (!_parser.TryConsume<Scalar>(out var scalar) || !scalar.Anchor.IsEmpty || !scalar.Tag.IsEmpty)
        {
            throw Wrong(_parser.Current, $"'{name}' is a list of lists, an alias, or has an anchor or a tag; expected values, or one list of values");
        }

        if (!IsNull(scalar))
        {
            nodes.Add(new ConfigNode(name, ToKind(scalar), scalar.Value, [], (int)scalar.Start.Line, (int)scalar.Start.Column));
        }
    }

    private static bool IsNull(Scalar scalar) => scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null";

    private static ConfigKind ToKind(Scalar scalar) => scalar switch
    {
        { Style: not ScalarStyle.Plain } => ConfigKind.Text,
        { Value: "true" or "false" } => ConfigKind.Word,
        _ when double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => ConfigKind.Number,
        _ => ConfigKind.Text,
    };

    private static ModelConfigException Wrong(ParsingEvent? place, string reason) => new((int)(place?.Start.Line ?? 1), (int)(place?.Start.Column ?? 1), reason);
}
