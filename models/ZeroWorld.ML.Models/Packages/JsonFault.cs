using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Models;

/// <summary>What is wrong with a JSON text, in words of its fields instead of the types that they are read into. Pure.</summary>
public static partial class JsonFault
{
    private const string Whole = "the whole";

    /// <returns>The field with what was expected of it; for what is no JSON at all line and byte, from 1, with the reader's sentence.</returns>
    public static string Of(JsonException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var field = exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : Whole;
        if (Missing().Match(exception.Message) is { Success: true } missing)
        {
            var where = field == Whole ? "" : $" in {field}";
            return $"{missing.Groups[1].Value.Replace("'", "", StringComparison.Ordinal)}: absent{where}; expected each";
        }

        if (Unknown().Match(exception.Message) is { Success: true } unknown)
        {
            return $"{field}: there is no field '{unknown.Groups[1].Value}'";
        }

        if (Duplicate().Match(exception.Message) is { Success: true } duplicate)
        {
            return $"{(field == Whole ? "" : $"{field}: ")}'{duplicate.Groups[1].Value}' is there twice; expected it once";
        }

        if (Null().IsMatch(exception.Message))
        {
            return $"{field}: line {exception.LineNumber + 1} has null; expected a value";
        }

        return Converted().Match(exception.Message) is { Success: true } converted
            ? $"{field}: line {exception.LineNumber + 1} has a value of another kind{ExpectedOf(converted.Groups[1].Value, field)}"
            : OwnOf(exception, field);
    }

    // Said by who reads a value; what is no JSON is said by its reader, with the place of it.
    private static string OwnOf(JsonException exception, string field)
    {
        if (exception.Message.Contains("LineNumber: ", StringComparison.Ordinal))
        {
            return string.Create(CultureInfo.InvariantCulture, $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {Place().Replace(exception.Message, "").TrimEnd('.')}");
        }

        return field == Whole ? exception.Message.TrimEnd('.') : $"{field}: {exception.Message.TrimEnd('.')}";
    }

    // Of a value that a constructor takes the reader names the object that it is a part of.
    private static string ExpectedOf(string type, string field) =>
        type.StartsWith("System.", StringComparison.Ordinal) || field == Whole || field.EndsWith(']') ? $"; expected {KindOf(type)}" : "";

    private static string KindOf(string type) => type switch
    {
        _ when type.Contains("List`", StringComparison.Ordinal) || type.EndsWith("[]", StringComparison.Ordinal) => "a list",
        _ when type.Contains("Int", StringComparison.Ordinal) && type.StartsWith("System.", StringComparison.Ordinal) => "a whole number in range",
        _ when type.Contains("System.Double", StringComparison.Ordinal) || type.Contains("System.Single", StringComparison.Ordinal) => "a number",
        _ when type.Contains("System.Boolean", StringComparison.Ordinal) => "true or false",
        _ when type.Contains("System.String", StringComparison.Ordinal) && !type.Contains('`', StringComparison.Ordinal) => "a text",
        _ => "an object",
    };

    [GeneratedRegex(@"\s*(Path: [^|]*\| )?LineNumber: \d+ \| BytePositionInLine: \d+\.?$")]
    private static partial Regex Place();

    [GeneratedRegex("missing required properties including: (.+?)\\.( |$)")]
    private static partial Regex Missing();

    [GeneratedRegex("JSON property '(.*)' could not be mapped")]
    private static partial Regex Unknown();

    [GeneratedRegex("Duplicate property '(.*)' encountered")]
    private static partial Regex Duplicate();

    [GeneratedRegex("doesn't allow (setting |getting )?null values")]
    private static partial Regex Null();

    [GeneratedRegex("could not be converted to (.+?)\\.( Path|$)")]
    private static partial Regex Converted();
}
