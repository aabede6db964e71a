using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Reads times that are written in none of the forms that the file's reader knows: 31.12.2024 23:59, Dec-2015, 1 March 2024. Pure functions.</summary>
internal static class TimeTexts
{
    private static readonly string[] Days =
    [
        "yyyy-M-d", "d.M.yyyy", "d.M.yy", "M/d/yyyy", "d/M/yyyy", "M/d/yy", "d/M/yy", "d-M-yy", "M-d-yy", "yy-M-d", "yy/M/d", "yyyy/M/d", "yyyy.M.d", "d-M-yyyy", "d-MMM-yyyy", "d-MMM-yy", "d MMM yyyy", "d MMMM yyyy", "MMM d, yyyy", "MMMM d, yyyy",
        "ddd, d MMM yyyy", "ddd MMM d yyyy",
    ];

    private static readonly string[] Clocks = ["H:mm", "H:mm:ss", "H:mm:ss.FFFFFFF", "h:mm tt", "h:mm:ss tt", "H:mm:ss 'GMT'", "H:mm:ss 'UTC'", "H:mm:sszzz", "H:mm:ss zzz"];

    private static readonly string[] Formats =
    [
        .. Days, .. Days.SelectMany(static day => Clocks.SelectMany(clock => (string[])[$"{day} {clock}", $"{day}, {clock}", $"{day}'T'{clock}"])),
        "MMM-yyyy", "MMM yyyy", "MMMM yyyy", "MMM-yy", "yyyy-MM", "yyyy/MM", "M/yyyy", "MM.yyyy",
    ];

    private static readonly string[] CertainFormats =
        Array.FindAll(Formats, static format => format.Contains("yyyy", StringComparison.Ordinal) || format.Contains("MMM", StringComparison.Ordinal));

    /// <summary>The first form that every known text has.</summary>
    /// <param name="isCertain">Whether only forms count that nothing but a time has, with a year of four digits or a named month: 5.4.21 may be a version.</param>
    /// <returns><see langword="null"/> when there is none, or no text.</returns>
    internal static string? FindFormat(string?[] texts, bool isCertain = false)
    {
        // A form that the first text does not have is out at once: only few are left to look at every row.
        var first = Array.Find(texts, static text => text is not null);
        return first is null ? null : Array.Find(isCertain ? CertainFormats : Formats, format => TryParse(first, format, out _) && Array.TrueForAll(texts, text => text is null || TryParse(text, format, out _)));
    }

    /// <param name="micros">Microseconds since the epoch; a text without a zone is UTC.</param>
    internal static bool TryParse(string text, string format, out long micros)
    {
        var isParsed = DateTimeOffset.TryParseExact(
            text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out var moment);
        micros = isParsed ? UnixMicroseconds.FromDateTimeOffset(moment) : long.MinValue;
        return isParsed;
    }

    /// <summary>A moment in the form of a column, or the day of it alone: 31.12.2024 where the column has 31.12.2024 23:59.</summary>
    internal static bool TryParseMoment(string text, string format, out long micros)
    {
        if (TryParse(text, format, out micros))
        {
            return true;
        }

        foreach (var day in Days)
        {
            if (format.StartsWith(day, StringComparison.Ordinal) && TryParse(text, day, out micros))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A text column as times; null stays null.</summary>
    internal static long[] Read(string?[] texts, string format) => Array.ConvertAll(texts, text => text is not null && TryParse(text, format, out var micros) ? micros : long.MinValue);
}
