namespace ZeroWorld.ML.Models;

/// <summary>Numbers that are made of a row's times: days since each of some moments, then the hour of the row's own time.</summary>
/// <param name="Ages">Moments whose age is a feature; 0 or more.</param>
/// <param name="HasHour">Whether the hour of the row's own time is one.</param>
public sealed record ClockFeatures(int Ages, bool HasHour)
{
    private const int HoursPerDay = 24;

    /// <value>Features that come out.</value>
    public int Count => Ages + (HasHour ? 1 : 0);

    /// <summary>Microseconds to the hour of the day, UTC: 0 to below 24 with fractions, of times before the epoch too.</summary>
    public static double HourOf(long micros) =>
        (((micros % TimeSpan.MicrosecondsPerDay) + TimeSpan.MicrosecondsPerDay) % TimeSpan.MicrosecondsPerDay) * HoursPerDay / (double)TimeSpan.MicrosecondsPerDay;

    /// <summary>Days with fractions from a moment to the row's own time, both in microseconds; NaN where one is.</summary>
    public static double DaysBetween(double moment, double own) => (own - moment) / TimeSpan.MicrosecondsPerDay;

    /// <param name="times">Microseconds since the epoch, the row's own time first, then the moments; NaN for a missing one.</param>
    /// <param name="features">Receives <see cref="Count"/> numbers, NaN where a time is missing.</param>
    public void Encode(ReadOnlySpan<double> times, Span<float> features)
    {
        var own = times[0];
        for (var moment = 0; moment < Ages; moment++)
        {
            features[moment] = (float)DaysBetween(times[1 + moment], own);
        }

        if (HasHour)
        {
            features[Ages] = double.IsNaN(own) ? float.NaN : (float)HourOf((long)own);
        }
    }
}
