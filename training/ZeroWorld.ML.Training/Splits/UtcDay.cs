namespace ZeroWorld.ML.Training;

/// <summary>UTC days of event times in microseconds since the epoch.</summary>
public static class UtcDay
{
    /// <summary>Microseconds of a day.</summary>
    public const long Length = 86_400_000_000;

    /// <summary>Days since the epoch, floored (negative before it).</summary>
    public static long Of(long microseconds) => (microseconds / Length) - (microseconds % Length < 0 ? 1 : 0);

    /// <summary>The first microsecond of the day.</summary>
    public static long StartOf(long microseconds) => Of(microseconds) * Length;
}
