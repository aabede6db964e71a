namespace ZeroWorld.ML.Features;

/// <summary>Parts of a time in UTC, proleptic Gregorian, for every int64 number of microseconds.</summary>
internal static class CalendarTime
{
    private const long MicrosecondsPerMinute = 60_000_000;
    private const long MicrosecondsPerHour = 60 * MicrosecondsPerMinute;
    private const long MicrosecondsPerDay = 24 * MicrosecondsPerHour;

    public static long Hour(long time) => FloorModulo(time, MicrosecondsPerDay) / MicrosecondsPerHour;

    public static long Minute(long time) => FloorModulo(time, MicrosecondsPerHour) / MicrosecondsPerMinute;

    /// <returns>Monday 1 to Sunday 7.</returns>
    // 1970-01-01 was a Thursday.
    public static long Weekday(long time) => FloorModulo(FloorDivide(time, MicrosecondsPerDay) + 3, 7) + 1;

    public static long Day(long time) => Date(time).Day;

    public static long Month(long time) => Date(time).Month;

    public static long Year(long time) => Date(time).Year;

    /// <returns>1 to 366.</returns>
    public static long DayOfYear(long time)
    {
        var (year, month, day) = Date(time);
        var isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        // Days before a month: by 30.6 a month from March on, as in civil_from_days.
        return month <= 2 ? ((month - 1) * 31) + day : (((153 * (month - 3)) + 2) / 5) + day + 59 + (isLeap ? 1 : 0);
    }

    // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: years begin in March, so that the leap day is the last.
    private static (long Year, long Month, long Day) Date(long time)
    {
        var days = FloorDivide(time, MicrosecondsPerDay) + 719_468;
        var era = FloorDivide(days, 146_097);
        var dayOfEra = days - (era * 146_097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var marchMonth = ((5 * dayOfYear) + 2) / 153;
        var month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, dayOfYear - (((153 * marchMonth) + 2) / 5) + 1);
    }

    private static long FloorDivide(long value, long divisor)
    {
        var quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }

    private static long FloorModulo(long value, long divisor)
    {
        var remainder = value % divisor;
        return remainder < 0 ? remainder + divisor : remainder;
    }
}
