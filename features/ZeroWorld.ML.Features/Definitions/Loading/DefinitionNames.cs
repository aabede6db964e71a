using System.Globalization;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Features;

/// <summary>The lexical rules of definitions: names, columns, durations.</summary>
public static partial class DefinitionNames
{
    public const string ExpectedDuration = "a whole number and one of us, ms, s, m, h, d, at most 36500d";

    public const string ExpectedColumn = "the name of a column, 1 to 128 characters without control characters";

    private const long DurationTicksMax = 36_500 * TimeSpan.TicksPerDay;

    public static bool IsName(string text) => NamePattern().IsMatch(text);

    public static bool IsColumn(string text) => text.Length is > 0 and <= 128 && !text.Any(char.IsControl);

    /// <summary>Reads <c>7d</c>; zero needs no unit.</summary>
    public static bool TryParseDuration(string text, out TimeSpan span)
    {
        span = TimeSpan.Zero;
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : text.Length;
        if (digits == 0 || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        var ticks = text[digits..] switch
        {
            "us" => TimeSpan.TicksPerMicrosecond,
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            "d" => TimeSpan.TicksPerDay,
            "" when count == 0 => 1,
            _ => 0,
        };
        if (ticks == 0 || count > DurationTicksMax / ticks)
        {
            return false;
        }

        span = TimeSpan.FromTicks(count * ticks);
        return true;
    }

    /// <summary>The shortest text that <see cref="TryParseDuration"/> reads as the span: <c>7d</c>, not <c>168h</c>.</summary>
    public static string FormatDuration(TimeSpan span)
    {
        var (count, unit) = (UnixMicroseconds.FromTimeSpan(span), "us");
        foreach (var (size, name) in new[] { (1000L, "ms"), (1000L, "s"), (60L, "m"), (60L, "h"), (24L, "d") })
        {
            if (count == 0 || count % size != 0)
            {
                break;
            }

            (count, unit) = (count / size, name);
        }

        return count == 0 ? "0" : string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
