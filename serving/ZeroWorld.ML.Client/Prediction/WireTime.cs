namespace ZeroWorld.ML.Client;

/// <summary>Times on the wire: microseconds since 1970-01-01T00:00:00Z.</summary>
internal static class WireTime
{
    /// <summary>Floors to microseconds, also before the epoch.</summary>
    public static long ToMicroseconds(DateTimeOffset time)
    {
        var (quotient, remainder) = Math.DivRem(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, TimeSpan.TicksPerMicrosecond);
        return remainder < 0 ? quotient - 1 : quotient;
    }

    public static DateTimeOffset ToTime(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(checked(microseconds * TimeSpan.TicksPerMicrosecond));
}
