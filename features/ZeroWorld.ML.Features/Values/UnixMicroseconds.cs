using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>Conversions between microseconds since 1970-01-01T00:00:00Z and the types and texts of the outside.</summary>
public static class UnixMicroseconds
{
    private const long EpochTicks = 621_355_968_000_000_000;

    /// <summary>The shortest span of one microsecond, in ticks of <see cref="TimeSpan"/>.</summary>
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>Floors the instant to microseconds (also before the epoch).</summary>
    public static long FromDateTimeOffset(DateTimeOffset instant) => FloorDivide(instant.UtcTicks - EpochTicks, TicksPerMicrosecond);

    /// <exception cref="ArgumentOutOfRangeException">The time is outside the years 1 to 9999.</exception>
    public static DateTimeOffset ToDateTimeOffset(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(checked(microseconds * TicksPerMicrosecond));

    /// <returns>RFC 3339 in UTC with as many digits as needed; the plain number where no calendar date exists for it.</returns>
    public static string ToText(long microseconds) =>
        microseconds is < -62_135_596_800_000_000 or > 253_402_300_799_999_999
            ? microseconds.ToString(CultureInfo.InvariantCulture)
            : ToDateTimeOffset(microseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads RFC 3339 with a zone (<c>2018-08-08T12:00:00Z</c>, <c>...+02:00</c>); finer than microseconds is floored.</summary>
    /// <returns><see langword="false"/> for anything else, a time without a zone included.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        text = text.Trim();
        var hasZone = text.Length >= 20 && (text[^1] is 'Z' or 'z' || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':'));
        if (!hasZone || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
        {
            return false;
        }

        microseconds = FromDateTimeOffset(instant);
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
