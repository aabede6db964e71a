using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ZeroWorld.ML.Features;

/// <summary>Reads one YAML document into nodes that know where they stand.</summary>
/// <remarks>Anchors, aliases, tags and second documents are refused, and size and depth are bounded: the files may be hostile.</remarks>
internal sealed partial class YamlTreeReader
{
    public const int TextLengthMax = 1024 * 1024;
    private const int DepthMax = 16;

    private readonly string _file;
    private readonly string _text;
    private readonly DefinitionErrors _errors;
    private readonly Scanner _scanner;
    private readonly Parser _parser;

    private YamlTreeReader(DefinitionFile file, DefinitionErrors errors)
    {
        _file = file.Path;
        _text = file.Text;
        _errors = errors;
        _scanner = new Scanner(new StringReader(file.Text));
        _parser = new Parser(_scanner);
    }

    /// <returns>The root, or <see langword="null"/> when there is none that can be used; the errors say why.</returns>
    public static YamlNode? Read(DefinitionFile file, DefinitionErrors errors)
    {
        if (file.Text.Length > TextLengthMax)
        {
            errors.Add(file.Path, 1, 1, $"the file has {file.Text.Length} characters; expected at most {TextLengthMax}");
            return null;
        }

        var reader = new YamlTreeReader(file, errors);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException exception)
        {
            reader.Report(exception.Start, exception.Message);
            return null;
        }
        catch (InvalidOperationException)
        {
            // The scanner's own way to say that a value breaks off: an open brace, a quote in the wrong place.
            reader.Report(reader._scanner.CurrentPosition, "a value or a bracket is not ended");
            return null;
        }
        catch (UnusableYamlException exception)
        {
            errors.Add(file.Path, exception.Start.Line, exception.Start.Column, exception.Message);
            return null;
        }
    }

    private YamlNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            _errors.Add(_file, 1, 1, "the file is empty; expected a mapping that begins with 'version: 1'");
            return null;
        }

        var root = ReadNode(0);
        _parser.Consume<DocumentEnd>();
        return _parser.TryConsume<DocumentStart>(out var second)
            ? throw new UnusableYamlException(second.Start, "a second document begins here; expected one document per file")
            : root;
    }

    private YamlNode ReadNode(int depth)
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            throw new UnusableYamlException(alias.Start, $"'*{YamlScalar.Shorten(alias.Value.Value)}' is an alias; expected the value itself");
        }

        var node = _parser.Consume<NodeEvent>();
        if (!node.Anchor.IsEmpty)
        {
            throw new UnusableYamlException(node.Start, $"'&{YamlScalar.Shorten(node.Anchor.Value)}' is an anchor; expected a value without one");
        }

        if (!node.Tag.IsEmpty)
        {
            throw new UnusableYamlException(node.Start, $"'{YamlScalar.Shorten(node.Tag.Value)}' is a tag; expected a value without one");
        }

        if (depth > DepthMax)
        {
            throw new UnusableYamlException(node.Start, $"the file is nested deeper than {DepthMax} levels; expected the levels of a definition");
        }

        return node switch
        {
            SequenceStart start => ReadList(start, depth),
            MappingStart start => ReadMap(start, depth),
            _ => ReadScalar((Scalar)node),
        };
    }

    private YamlList ReadList(SequenceStart start, int depth)
    {
        var items = new List<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new YamlList(_file, start.Start.Line, start.Start.Column, items);
    }

    private YamlMap ReadMap(MappingStart start, int depth)
    {
        var entries = new List<KeyValuePair<YamlScalar, YamlNode>>();
        var first = new Dictionary<string, YamlScalar>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(depth + 1) is not YamlScalar key)
            {
                throw new UnusableYamlException(_parser.Current?.Start ?? start.Start, "a list or mapping stands where a property's name belongs; expected a name");
            }

            var value = ReadNode(depth + 1);
            if (first.TryAdd(key.Value, key))
            {
                entries.Add(new KeyValuePair<YamlScalar, YamlNode>(key, value));
            }
            else
            {
                _errors.Add(key, $"'{YamlScalar.Shorten(key.Value)}' is there twice, first in line {first[key.Value].Line}; expected each property once");
            }
        }

        return new YamlMap(_file, start.Start.Line, start.Start.Column, entries);
    }

    private YamlScalar ReadScalar(Scalar scalar)
    {
        var quotes = scalar.Style is ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted ? 1 : 0;
        var isInStep = scalar.Start.Line == scalar.End.Line
            && scalar.End.Column - scalar.Start.Column == scalar.Value.Length + (2 * quotes);
        var kind = scalar.Style == ScalarStyle.Plain ? Resolve(scalar.Value) : YamlScalarKind.Text;
        return new YamlScalar(_file, scalar.Start.Line, scalar.Start.Column, scalar.Value, kind, isInStep ? scalar.Start.Column + quotes : 0);
    }

    // A tab is often noticed late, or told as something else: it is looked for from the named line to one behind the scanner's.
    private void Report(Mark place, string problem)
    {
        var (line, column) = (Math.Max(1, place.Line), Math.Max(1, place.Column));
        var lines = _text.Split('\n');
        for (var near = line; near <= Math.Min(Math.Max(line, _scanner.CurrentPosition.Line) + 1, lines.Length); near++)
        {
            var text = lines[near - 1];
            if (text.AsSpan(0, text.Length - text.AsSpan().TrimStart(" \t").Length).IndexOf('\t') is >= 0 and var tab)
            {
                _errors.Add(_file, near, tab + 1, "a tab indents this line; expected spaces");
                return;
            }
        }

        _errors.Add(_file, line, column, $"this is no YAML: {problem.TrimEnd('.')}; expected properties as 'name: value', indented by spaces");
    }

    private static YamlScalarKind Resolve(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => YamlScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => YamlScalarKind.Bool,
        _ when IntegerPattern().IsMatch(text) => YamlScalarKind.Integer,
        _ when NumberPattern().IsMatch(text) => YamlScalarKind.Number,
        _ => YamlScalarKind.Text,
    };

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex IntegerPattern();

    [GeneratedRegex(@"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberPattern();

    /// <summary>YAML that is well formed but not read on: what follows it cannot be trusted.</summary>
    private sealed class UnusableYamlException(Mark start, string message) : Exception(message)
    {
        public Mark Start { get; } = start;
    }
}
