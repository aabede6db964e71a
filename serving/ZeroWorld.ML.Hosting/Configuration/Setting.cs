using System.Globalization;
using System.Reflection;

namespace ZeroWorld.ML.Hosting;

/// <summary>One setting that exists: a property of an options class.</summary>
internal sealed record Setting(string Key, Type OptionsType, PropertyInfo Property)
{
    private const string Password = "password=";

    /// <summary>The value for people: what follows <c>password=</c> is never shown.</summary>
    public string? Show(object options) => Property.GetValue(options) is { } value ? Hide(Convert.ToString(value, CultureInfo.InvariantCulture)!) : null;

    public static string Hide(string text)
    {
        var start = text.IndexOf(Password, StringComparison.OrdinalIgnoreCase);
        if (start < 0)
        {
            return text;
        }

        var end = text.IndexOf(',', start);
        return $"{text[..(start + Password.Length)]}(hidden){(end < 0 ? "" : text[end..])}";
    }
}
