using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>Conversions between microseconds since 1970-01-01T00:00:00Z and the types and texts of the outside.</summary>
public static class UnixMicroseconds
{
    private const long EpochTicks = 621_355_968_000_000_000;

    /// <value>The first microsecond of the year 1.</value>
    public const long TimeMin = -62_135_596_800_000_000;

    /// <value>The last microsecond of the year 9999.</value>
    public const long TimeMax = 253_402_300_799_999_999;

    /// <summary>The shortest span of one microsecond, in ticks of <see cref="TimeSpan"/>.</summary>
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>What a sentence says that a time must be.</summary>
    public const string ExpectedTime = "a time of the years 1 to 9999";

    /// <summary>Whether the time is one of the years 1 to 9999, as those of tables, spines and texts are.</summary>
    public static bool IsOfCalendar(long microseconds) => microseconds is >= TimeMin and <= TimeMax;

    /// <summary>Whether all of the times are.</summary>
    public static bool AreOfCalendar(ReadOnlySpan<long> microseconds) => !microseconds.ContainsAnyExceptInRange(TimeMin, TimeMax);

    /// <summary>Floors the instant to microseconds (also before the epoch).</summary>
    public static long FromDateTimeOffset(DateTimeOffset instant) => FloorDivide(instant.UtcTicks - EpochTicks, TicksPerMicrosecond);

    /// <exception cref="ArgumentOutOfRangeException">The time is outside the years 1 to 9999.</exception>
    public static DateTimeOffset ToDateTimeOffset(long microseconds) =>
        !IsOfCalendar(microseconds)
            ? throw new ArgumentOutOfRangeException(nameof(microseconds), microseconds, "Expected a time of the years 1 to 9999.")
            : DateTimeOffset.UnixEpoch.AddTicks(microseconds * TicksPerMicrosecond);

    /// <returns>RFC 3339 in UTC with as many digits as needed; the plain number where no calendar date exists for it.</returns>
    public static string ToText(long microseconds) =>
        !IsOfCalendar(microseconds)
            ? microseconds.ToString(CultureInfo.InvariantCulture)
            : ToDateTimeOffset(microseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads RFC 3339 with a zone (<c>2018-08-08T12:00:00Z</c>, <c>2018-08-08 12:00:00.5+02:00</c>); finer than microseconds is floored.</summary>
    /// <returns><see langword="false"/> for anything else: no zone, no such day or hour, a leap second, a year before 1 or after 9999 in UTC.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        text = text.Trim();
        if (text.Length < 20 || text[10] is not ('T' or 't' or ' ')
            || !DateTime.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            || !TimeOnly.TryParseExact(text[11..19], "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        var rest = text[19..];
        long fraction = 0;
        if (rest[0] == '.')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
            if (digits < 1)
            {
                return false;
            }

            for (var index = 0; index < 6; index++)
            {
                fraction = (fraction * 10) + (index < digits ? rest[1 + index] - '0' : 0);
            }

            rest = rest[(1 + digits)..];
        }

        long zoneMinutes = 0;
        if (rest.Length != 1 || rest[0] is not ('Z' or 'z'))
        {
            if (rest.Length != 6 || rest[0] is not ('+' or '-')
                || !TimeOnly.TryParseExact(rest[1..], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var zone))
            {
                return false;
            }

            zoneMinutes = ((zone.Hour * 60) + zone.Minute) * (rest[0] == '-' ? -1 : 1);
        }

        var ticks = date.Ticks + time.Ticks - (zoneMinutes * TimeSpan.TicksPerMinute);
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        microseconds = ((ticks - EpochTicks) / TicksPerMicrosecond) + fraction;
        return true;
    }

    /// <summary>Floors a span to microseconds.</summary>
    public static long FromTimeSpan(TimeSpan span) => FloorDivide(span.Ticks, TicksPerMicrosecond);

    private static long FloorDivide(long value, long divisor)
    {
        var (quotient, remainder) = Math.DivRem(value, divisor);
        return remainder < 0 ? quotient - 1 : quotient;
    }
}
