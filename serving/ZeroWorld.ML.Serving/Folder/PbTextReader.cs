using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads a message in protobuf's text format, without knowing its type.</summary>
/// <remarks>
/// The grammar is that of protobuf.dev/reference/protobuf/textformat-spec, without extensions and Any. For files from outside: length, nesting and number of fields are bounded.
/// </remarks>
internal sealed class PbTextReader
{
    public const int LengthMax = 1 << 20;
    private const int NestingMax = 32;
    private const int FieldsMax = 100_000;
    private readonly string _text;
    private int _position;
    private int _line = 1;
    private int _lineStart;
    private int _fields;

    private PbTextReader(string text) => _text = text;

    /// <exception cref="ModelConfigException">Where it is no text format.</exception>
    public static IReadOnlyList<ConfigNode> Read(string text)
    {
        if (text.Length > LengthMax)
        {
            throw new ModelConfigException(1, 1, $"the file has {text.Length} characters; expected at most {LengthMax}");
        }

        return new PbTextReader(text).ReadFields('\0', 0);
    }

    private List<ConfigNode> ReadFields(char end, int depth)
    {
        if (depth > NestingMax)
        {
            throw Wrong($"messages are nested more than {NestingMax} deep");
        }

        var nodes = new List<ConfigNode>();
        while (true)
        {
            SkipSpace();
            if (_position == _text.Length)
            {
                return end == '\0' ? nodes : throw Wrong($"the file ends where '{end}' was expected");
            }

            if (_text[_position] == end && end != '\0')
            {
                _position++;
                return nodes;
            }

            ReadField(nodes, depth);
            SkipSpace();
            if (_position < _text.Length && _text[_position] is ',' or ';')
            {
                _position++;
            }
        }
    }

    private void ReadField(List<ConfigNode> nodes, int depth)
    {
        var (line, column) = (_line, Column);
        var name = ReadWord();
        if (name.Length == 0)
        {
            throw Wrong($"'{Show()}' stands where the name of a field was expected");
        }

        SkipSpace();
        var hasColon = _position < _text.Length && _text[_position] == ':';
        if (hasColon)
        {
            _position++;
            SkipSpace();
        }

        if (_position < _text.Length && _text[_position] == '[')
        {
            ReadList(nodes, name, hasColon, depth);
            return;
        }

        Add(nodes, ReadValue(name, line, column, hasColon, depth));
    }

    private void ReadList(List<ConfigNode> nodes, string name, bool hasColon, int depth)
    {
        _position++;
        SkipSpace();
        if (_position < _text.Length && _text[_position] == ']')
        {
            _position++;
            return;
        }

        while (true)
        {
            SkipSpace();
            Add(nodes, ReadValue(name, _line, Column, hasColon, depth));
            SkipSpace();
            var next = _position < _text.Length ? _text[_position++] : '\0';
            if (next == ']')
            {
                return;
            }

            if (next != ',')
            {
                throw Wrong($"the list '{name}' lacks a ',' or ']'");
            }
        }
    }

    private void Add(List<ConfigNode> nodes, ConfigNode node)
    {
        if (++_fields > FieldsMax)
        {
            throw Wrong($"there are more than {FieldsMax} values");
        }

        nodes.Add(node);
    }

    private ConfigNode ReadValue(string name, int line, int column, bool hasColon, int depth)
    {
        if (_position == _text.Length)
        {
            throw Wrong($"the file ends where the value of '{name}' was expected");
        }

        var first = _text[_position];
        if (first is '{' or '<')
        {
            _position++;
            return new ConfigNode(name, ConfigKind.Message, "", ReadFields(first == '{' ? '}' : '>', depth + 1), line, column);
        }

        if (!hasColon)
        {
            throw Wrong($"'{name}' lacks a ':' or a message in braces");
        }

        if (first is '"' or '\'')
        {
            return new ConfigNode(name, ConfigKind.Text, ReadText(), [], line, column);
        }

        var start = _position;
        if (first == '-')
        {
            _position++;
            SkipSpace();
        }

        var sign = first == '-' ? "-" : "";
        if (_position < _text.Length && (char.IsAsciiDigit(_text[_position]) || _text[_position] == '.'))
        {
            var from = _position;
            while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] == '.' || (_text[_position] is '+' or '-' && _text[_position - 1] is 'e' or 'E')))
            {
                _position++;
            }

            return new ConfigNode(name, ConfigKind.Number, sign + _text[from.._position], [], line, column);
        }

        var word = ReadWord();
        if (word.Length == 0)
        {
            _position = start;
            throw Wrong($"'{Show()}' stands where the value of '{name}' was expected");
        }

        return new ConfigNode(name, ConfigKind.Word, sign + word, [], line, column);
    }

    /// <summary>One or more quoted pieces that are joined.</summary>
    private string ReadText()
    {
        var bytes = new List<byte>();
        while (_position < _text.Length && _text[_position] is '"' or '\'')
        {
            ReadPiece(_text[_position++], bytes);
            SkipSpace();
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private void ReadPiece(char quote, List<byte> bytes)
    {
        while (true)
        {
            if (_position == _text.Length || _text[_position] == '\n')
            {
                throw Wrong("a text lacks its closing quote");
            }

            var letter = _text[_position++];
            if (letter == quote)
            {
                return;
            }

            if (letter == '\\')
            {
                ReadEscape(bytes);
            }
            else if (char.IsHighSurrogate(letter) && _position < _text.Length && char.IsLowSurrogate(_text[_position]))
            {
                bytes.AddRange(Encoding.UTF8.GetBytes([letter, _text[_position++]]));
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes([letter]));
            }
        }
    }

    private void ReadEscape(List<byte> bytes)
    {
        const string Letters = "abfnrtv\\'\"?";
        const string Meanings = "\a\b\f\n\r\t\v\\'\"?";
        var letter = _position < _text.Length ? _text[_position++] : '\0';
        if (Letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var index && letter != '\0')
        {
            bytes.Add((byte)Meanings[index]);
            return;
        }

        var (digits, radix, lengthMax) = letter switch
        {
            'x' or 'X' => ("", 16, 2),
            'u' => ("", 16, 4),
            'U' => ("", 16, 8),
            >= '0' and <= '7' => (letter.ToString(), 8, 3),
            _ => throw Wrong($"'\\{letter}' is no escape"),
        };
        while (digits.Length < lengthMax && _position < _text.Length && (radix == 8 ? _text[_position] is >= '0' and <= '7' : char.IsAsciiHexDigit(_text[_position])))
        {
            digits += _text[_position++];
        }

        var value = digits.Length == 0 ? throw Wrong($"'\\{letter}' lacks its digits") : Convert.ToUInt32(digits, radix);
        if (letter is 'u' or 'U')
        {
            bytes.AddRange(Rune.TryCreate(value, out var rune) ? Encoding.UTF8.GetBytes(rune.ToString()) : throw Wrong($"'\\{letter}{digits}' is no character"));
        }
        else
        {
            bytes.Add(value <= 255 ? (byte)value : throw Wrong($"'\\{digits}' is more than a byte"));
        }
    }

    private string ReadWord()
    {
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] == '_'))
        {
            _position++;
        }

        return _text[start.._position];
    }

    private void SkipSpace()
    {
        while (_position < _text.Length)
        {
            var letter = _text[_position];
            if (letter == '#')
            {
                while (_position < _text.Length && _text[_position] != '\n')
                {
                    _position++;
                }
            }
            else if (letter is ' ' or '\t' or '\r' or '\n' or '\v' or '\f' or '\uFEFF')
            {
                _position++;
                if (letter == '\n')
                {
                    _line++;
                    _lineStart = _position;
                }
            }
            else
            {
                return;
            }
        }
    }

    private int Column => _position - _lineStart + 1;

    private string Show() => char.IsControl(_text[_position]) ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)_text[_position]:X4}") : _text[_position].ToString();

    private ModelConfigException Wrong(string reason) => new(_line, Column, reason);
}
