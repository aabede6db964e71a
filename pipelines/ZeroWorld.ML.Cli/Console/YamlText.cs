using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Cli;

/// <summary>JSON of a definition as YAML that a definition file may hold: mappings on one line where they fit, quotes only where they are needed.</summary>
internal static partial class YamlText
{
    private const int LineMax = 130;

    /// <param name="section">The section of the file, as <c>feature_views</c>.</param>
    /// <param name="definition">An object.</param>
    public static string Write(string section, JsonElement definition)
    {
        var text = new StringBuilder(section).Append(":\n");
        WriteItem(text, definition, 2);
        return text.ToString();
    }

    private static void WriteItem(StringBuilder text, JsonElement item, int indent)
    {
        var lead = new string(' ', indent) + "- ";
        foreach (var property in item.EnumerateObject())
        {
            WriteProperty(text.Append(lead), property, item, indent + 2);
            lead = new string(' ', indent + 2);
        }
    }

    private static void WriteProperty(StringBuilder text, JsonProperty property, JsonElement parent, int indent)
    {
        text.Append(Quote(property.Name)).Append(':');
        var (value, line) = (property.Value, OnOneLine(property.Value, parent));
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(static item => item.ValueKind == JsonValueKind.Object))
        {
            text.Append('\n');
            foreach (var item in value.EnumerateArray())
            {
                var itemLine = OnOneLine(item, item);
                if (indent + 4 + itemLine.Length <= LineMax)
                {
                    text.Append(' ', indent + 2).Append("- ").Append(itemLine).Append('\n');
                }
                else
                {
                    WriteItem(text, item, indent + 2);
                }
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && indent + property.Name.Length + 2 + line.Length > LineMax)
        {
            text.Append('\n');
            foreach (var item in value.EnumerateArray())
            {
                text.Append(' ', indent + 2).Append("- ").Append(OnOneLine(item, value)).Append('\n');
            }
        }
        else if (value.ValueKind == JsonValueKind.Object && indent + property.Name.Length + 2 + line.Length > LineMax)
        {
            text.Append('\n');
            foreach (var part in value.EnumerateObject())
            {
                WriteProperty(text.Append(' ', indent + 2), part, value, indent + 2);
            }
        }
        else
        {
            text.Append(' ').Append(line).Append('\n');
        }
    }

    private static string OnOneLine(JsonElement value, JsonElement parent) => value.ValueKind switch
    {
        JsonValueKind.Object when !value.EnumerateObject().Any() => "{}",
        JsonValueKind.Object => $"{{ {string.Join(", ", value.EnumerateObject().Select(part => $"{Quote(part.Name)}: {OnOneLine(part.Value, value)}"))} }}",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(item => OnOneLine(item, value)))}]",
        JsonValueKind.String when value.GetString() is ".nan" or ".inf" or "-.inf" && !IsOfText(parent) => value.GetString()!,
        JsonValueKind.String => Quote(value.GetString()!),
        _ => value.GetRawText(),
    };

    // Among texts .inf is a text; elsewhere it is the number that JSON does not have.
    private static bool IsOfText(JsonElement parent) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty("type", out var type) && type.GetString() is "string";

    private static string Quote(string text)
    {
        if (Plain().IsMatch(text) && !Word().IsMatch(text))
        {
            return text;
        }

        // As they are but for what a terminal obeys and what ends a line: JSON's escapes of pairs of surrogates are none of YAML's.
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            _ = letter is '"' or '\\' ? quoted.Append('\\').Append(letter)
                : ShownText.IsObeyed(letter) || letter is '\u2028' or '\u2029' or '\ufeff' ? quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}")
                : quoted.Append(letter);
        }

        return quoted.Append('"').ToString();
    }

    // A duration is no number to YAML, and neither is what begins with a letter.
    [GeneratedRegex(@"^([A-Za-z_][A-Za-z0-9_./-]*(\.\*)?( [A-Za-z0-9_./-]+)*|[0-9]+(us|ms|s|m|h|d))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(null|true|false|yes|no|on|off)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
