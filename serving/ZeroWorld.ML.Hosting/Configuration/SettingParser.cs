using System.Globalization;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reads values of settings.</summary>
internal static class SettingParser
{
    private static readonly (string Suffix, TimeSpan Unit)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    /// <param name="type">Type of the property.</param>
    /// <param name="text">As it was written; empty stands for no value where the type has none.</param>
    /// <param name="value">The value, when there is one.</param>
    /// <param name="expected">What the text should have been.</param>
    public static bool TryParse(Type type, string text, out object? value, out string expected)
    {
        var underlying = Nullable.GetUnderlyingType(type);
        var wanted = underlying ?? type;
        text = text.Trim();
        value = null;
        expected = Expected(wanted);
        if (text.Length == 0 && (underlying is not null || wanted == typeof(string)))
        {
            return true;
        }

        value = wanted switch
        {
            _ when wanted == typeof(string) => text,
            _ when wanted == typeof(bool) => bool.TryParse(text, out var flag) ? flag : null,
            _ when wanted == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when wanted == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when wanted == typeof(double) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when wanted == typeof(TimeSpan) => TryParseSpan(text, out var span) ? span : null,
            _ when wanted.IsEnum => Enum.GetNames(wanted).Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse(wanted, text, ignoreCase: true) : null,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No setting has this type."),
        };
        return value is not null;
    }

    /// <summary>Reads <c>50ms</c>, <c>2 s</c>, <c>1.5h</c>, <c>7d</c>, or <c>[d.]hh:mm:ss[.fffffff]</c>.</summary>
    private static bool TryParseSpan(string text, out TimeSpan span)
    {
        foreach (var (suffix, unit) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - suffix.Length).Trim(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count)
                && Math.Abs(count * unit.Ticks) < long.MaxValue)
            {
                span = new TimeSpan((long)Math.Round(count * unit.Ticks));
                return true;
            }
        }

        span = default;
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out span);
    }

    private static string Expected(Type type) => type switch
    {
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) => "a whole number",
        _ when type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number",
        _ when type == typeof(TimeSpan) => "a duration such as 50ms, 2s, 5m, 1h or 7d",
        _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetNames(type))}",
        _ => "text",
    };
}
