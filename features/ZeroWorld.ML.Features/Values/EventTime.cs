namespace ZeroWorld.ML.Features;

/// <summary>When something happened, as its source says: microseconds since 1970-01-01T00:00:00Z.</summary>
/// <remarks>Nanoseconds are floored before they get here. Default: the epoch. Immutable and thread safe.</remarks>
public readonly record struct EventTime(long Microseconds) : IComparable<EventTime>
{
    public int CompareTo(EventTime other) => Microseconds.CompareTo(other.Microseconds);

    /// <summary>Floors the instant to microseconds.</summary>
    public static EventTime FromDateTimeOffset(DateTimeOffset instant) => new(UnixMicroseconds.FromDateTimeOffset(instant));

    /// <returns>The instant in UTC.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is outside the years 1 to 9999.</exception>
    public DateTimeOffset ToDateTimeOffset() => UnixMicroseconds.ToDateTimeOffset(Microseconds);

    public override string ToString() => UnixMicroseconds.ToText(Microseconds);

    public static bool operator <(EventTime left, EventTime right) => left.Microseconds < right.Microseconds;

    public static bool operator >(EventTime left, EventTime right) => left.Microseconds > right.Microseconds;

    public static bool operator <=(EventTime left, EventTime right) => left.Microseconds <= right.Microseconds;

    public static bool operator >=(EventTime left, EventTime right) => left.Microseconds >= right.Microseconds;
}
