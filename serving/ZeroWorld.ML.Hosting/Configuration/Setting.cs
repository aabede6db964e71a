using System.Globalization;
using System.Reflection;

namespace ZeroWorld.ML.Hosting;

/// <summary>One setting that exists: a property of an options class.</summary>
internal sealed record Setting(string Key, Type OptionsType, PropertyInfo Property)
{
    private const string Password = "password=";

    /// <summary>The value for people: what follows <c>password=</c> is never shown.</summary>
    public string? Show(object options) => Property.GetValue(options) is { } value ? Hide(Convert.ToString(value, CultureInfo.InvariantCulture)!) : null;

    /// <summary>Of settings with ',' between their parts those behind the password stay; of a connection string of another kind nothing does.</summary>
    public static string Hide(string text)
    {
        var start = text.IndexOf(Password, StringComparison.OrdinalIgnoreCase);
        start = start >= 0 ? start + Password.Length : FindOther(text);
        if (start < 0)
        {
            return text;
        }

        var end = text.Contains(';', StringComparison.Ordinal) ? -1 : text.IndexOf(',', start);
        return $"{text[..start]}(hidden){(end < 0 ? "" : text[end..])}";
    }

    // Other words that PostgreSQL's client takes for it.
    private static int FindOther(string text)
    {
        foreach (var word in (ReadOnlySpan<string>)["pwd=", "psw="])
        {
            if (text.IndexOf(word, StringComparison.OrdinalIgnoreCase) is >= 0 and var start)
            {
                return start + word.Length;
            }
        }

        return -1;
    }
}
