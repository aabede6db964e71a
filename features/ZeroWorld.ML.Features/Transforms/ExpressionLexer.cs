using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Features;

internal enum ExpressionTokenKind
{
    End,
    Name,
    Integer,
    Number,
    Text,
    Symbol,
}

/// <param name="Kind">What it is.</param>
/// <param name="Position">Index of its first character.</param>
/// <param name="Text">Name, symbol or the text of a string without quotes.</param>
/// <param name="Integer">Magnitude of an integer: 2^63 is only legal behind a minus sign.</param>
/// <param name="Number">Value of a number with a point or an exponent.</param>
internal readonly record struct ExpressionToken(ExpressionTokenKind Kind, int Position, string Text, ulong Integer = 0, double Number = 0)
{
    public string Display => Kind == ExpressionTokenKind.End ? "the end of the expression" : $"'{Text}'";
}

/// <summary>Cuts an expression into tokens.</summary>
internal static class ExpressionLexer
{
    private static readonly string[] Symbols = ["<=", ">=", "==", "!=", "<>", "+", "-", "*", "/", "%", "(", ")", ",", "<", ">", "="];

    /// <exception cref="ExpressionException">A character that begins no token, a string without an end, a number out of range.</exception>
    public static List<ExpressionToken> Read(string text)
    {
        var tokens = new List<ExpressionToken>();
        var at = 0;
        while (at < text.Length)
        {
            var character = text[at];
            if (character is ' ' or '\t' or '\n' or '\r')
            {
                at++;
            }
            else if (char.IsAsciiLetter(character) || character == '_')
            {
                var end = at;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
                {
                    end++;
                }

                tokens.Add(new ExpressionToken(ExpressionTokenKind.Name, at, text[at..end]));
                at = end;
            }
            else if (char.IsAsciiDigit(character))
            {
                tokens.Add(ReadNumber(text, ref at));
            }
            else if (character is '\'' or '"')
            {
                tokens.Add(ReadString(text, ref at));
            }
            else if (Array.Find(Symbols, symbol => text.AsSpan(at).StartsWith(symbol, StringComparison.Ordinal)) is { } symbol)
            {
                tokens.Add(new ExpressionToken(ExpressionTokenKind.Symbol, at, symbol));
                at += symbol.Length;
            }
            else
            {
                var shown = char.IsControl(character) || char.IsSurrogate(character)
                    ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)character:X4}")
                    : character.ToString();
                throw new ExpressionException(at, $"'{shown}' is no part of an expression; expected a name, a number, a string in quotes or an operator");
            }
        }

        tokens.Add(new ExpressionToken(ExpressionTokenKind.End, text.Length, ""));
        return tokens;
    }

    private static ExpressionToken ReadNumber(string text, ref int at)
    {
        var start = at;
        SkipDigits(text, ref at);
        var isInteger = true;
        if (at + 1 < text.Length && text[at] == '.' && char.IsAsciiDigit(text[at + 1]))
        {
            isInteger = false;
            at++;
            SkipDigits(text, ref at);
        }

        if (at < text.Length && text[at] is 'e' or 'E')
        {
            var exponent = at + 1;
            if (exponent < text.Length && text[exponent] is '+' or '-')
            {
                exponent++;
            }

            if (exponent >= text.Length || !char.IsAsciiDigit(text[exponent]))
            {
                throw new ExpressionException(at, $"'{text[start..exponent]}' has no exponent; expected digits");
            }

            isInteger = false;
            at = exponent;
            SkipDigits(text, ref at);
        }

        if (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] is '_' or '.'))
        {
            throw new ExpressionException(at, $"'{text[start..(at + 1)]}' is no number; expected digits, a point with digits, an exponent, or a blank after them");
        }

        var digits = text[start..at];
        if (!isInteger)
        {
            var value = double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(value)
                ? new ExpressionToken(ExpressionTokenKind.Number, start, digits, Number: value)
                : throw new ExpressionException(start, $"{digits} is too great for a float64; expected at most 1.7976931348623157e308");
        }

        return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var magnitude) && magnitude <= 1UL << 63
            ? new ExpressionToken(ExpressionTokenKind.Integer, start, digits, Integer: magnitude)
            : throw new ExpressionException(start, $"{digits} is too great for an int64; expected at most {long.MaxValue}");
    }

    // A quote inside a string is written twice.
    private static ExpressionToken ReadString(string text, ref int at)
    {
        var (start, quote) = (at, text[at]);
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != quote)
            {
                value.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == quote)
            {
                value.Append(quote);
                at++;
            }
            else
            {
                at++;
                return new ExpressionToken(ExpressionTokenKind.Text, start, value.ToString());
            }
        }

        throw new ExpressionException(start, $"the string that begins here has no end; expected {quote} after it");
    }

    private static void SkipDigits(string text, ref int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
    }
}
