using System.Globalization;
using System.Text;
using Value = ZeroWorld.ML.Features.FeatureValue;

namespace ZeroWorld.ML.Features;

/// <summary>Functions of texts. Places and lengths count Unicode code points; nothing depends on a culture.</summary>
internal static class TextOperators
{
    /// <summary>Longest text that a function makes, in UTF-16 code units; what would be longer is NULL.</summary>
    public const int LengthMax = 65_536;

    private const FeatureType Bool = FeatureType.Bool;
    private const FeatureType Integer = FeatureType.Int64;
    private const FeatureType Text = FeatureType.String;

    public static IReadOnlyList<string> Names { get; } =
        ["concat", "contains", "ends_with", "length", "lower", "replace", "starts_with", "string", "substring", "trim", "upper"];

    public static IEnumerable<ExpressionOperator> All { get; } =
    [
        Of("lower", [Text], Text, static (in Value a) => Value.FromString(a.AsString().ToLowerInvariant())),
        Of("upper", [Text], Text, static (in Value a) => Value.FromString(a.AsString().ToUpperInvariant())),
        Of("trim", [Text], Text, static (in Value a) => Value.FromString(a.AsString().Trim())),
        Of("length", [Text], Integer, static (in Value a) => Value.FromInt64(CountRunes(a.AsString()))),
        Of("string", [Text], Text, static (in Value a) => a),
        Of("string", [Integer], Text, static (in Value a) => Value.FromString(a.AsInt64().ToString(CultureInfo.InvariantCulture))),
        Of("string", [Bool], Text, static (in Value a) => Value.FromString(a.AsBool() ? "true" : "false")),
        Of("string", [FeatureType.Timestamp], Text, static (in Value a) => Value.FromString(UnixMicroseconds.ToText(a.AsInt64()))),
        Of("contains", [Text, Text], Bool, static (in Value a, in Value b) => Value.FromBool(a.AsString().Contains(b.AsString(), StringComparison.Ordinal))),
        Of("starts_with", [Text, Text], Bool, static (in Value a, in Value b) => Value.FromBool(a.AsString().StartsWith(b.AsString(), StringComparison.Ordinal))),
        Of("ends_with", [Text, Text], Bool, static (in Value a, in Value b) => Value.FromBool(a.AsString().EndsWith(b.AsString(), StringComparison.Ordinal))),
        new("concat", 1, [Text, Text], Text, null, null) { Many = Concat, IsVariadic = true },
        new("substring", 1, [Text, Integer, Integer], Text, null, null) { Many = Substring },
        new("replace", 1, [Text, Text, Text], Text, null, null) { Many = Replace },
    ];

    private static ExpressionOperator Of(string name, FeatureType[] operand, FeatureType result, UnaryBody body) => new(name, 1, operand, result, body, null);

    private static ExpressionOperator Of(string name, FeatureType[] operands, FeatureType result, BinaryBody body) => new(name, 1, operands, result, null, body);

    private static Value Bounded(string text) => text.Length <= LengthMax ? Value.FromString(text) : Value.Null(Text);

    private static int CountRunes(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    private static Value Concat(ReadOnlySpan<Value> operands)
    {
        var length = 0L;
        foreach (ref readonly var operand in operands)
        {
            length += operand.AsString().Length;
        }

        if (length > LengthMax)
        {
            return Value.Null(Text);
        }

        var text = new StringBuilder((int)length);
        foreach (ref readonly var operand in operands)
        {
            text.Append(operand.AsString());
        }

        return Value.FromString(text.ToString());
    }

    // From the code point of a number, 1 the first, so many of them: what lies outside of the text is not there.
    private static Value Substring(ReadOnlySpan<Value> operands)
    {
        var (text, first, count) = (operands[0].AsString(), operands[1].AsInt64(), operands[2].AsInt64());
        if (count <= 0)
        {
            return Value.FromString("");
        }

        var last = first > long.MaxValue - count ? long.MaxValue : first + count - 1;
        var (start, end, place, number) = (text.Length, text.Length, 0, 0L);
        foreach (var rune in text.EnumerateRunes())
        {
            number++;
            if (number == Math.Max(first, 1))
            {
                start = place;
            }

            if (number > last)
            {
                end = place;
                break;
            }

            place += rune.Utf16SequenceLength;
        }

        return Value.FromString(start < end ? text[start..end] : "");
    }

    private static Value Replace(ReadOnlySpan<Value> operands)
    {
        var (text, old, with) = (operands[0].AsString(), operands[1].AsString(), operands[2].AsString());
        if (old.Length == 0)
        {
            return operands[0];
        }

        // Each occurrence makes the text longer by so much: counted before it is made.
        var length = (long)text.Length;
        for (var at = text.IndexOf(old, StringComparison.Ordinal); at >= 0; at = text.IndexOf(old, at + old.Length, StringComparison.Ordinal))
        {
            length += with.Length - old.Length;
        }

        return length <= LengthMax ? Bounded(text.Replace(old, with, StringComparison.Ordinal)) : Value.Null(Text);
    }
}
