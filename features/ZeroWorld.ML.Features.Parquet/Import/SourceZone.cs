using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The declared zone of times that carry none.</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class SourceZone
{
    private const long MinuteMicroseconds = 60_000_000;

    private readonly TimeZoneInfo? _zone;
    private readonly long _offset;

    private SourceZone(TimeZoneInfo? zone, long offset)
    {
        _zone = zone;
        _offset = offset;
    }

    /// <param name="text"><c>UTC</c>, <c>Z</c>, <c>+02:00</c> or an IANA name.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: no such zone.</exception>
    public static SourceZone? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (text is "UTC" or "Z" or "utc" or "z")
        {
            return new SourceZone(null, 0);
        }

        if (text.Length == 6 && text[0] is '+' or '-'
            && TimeSpan.TryParseExact(text.AsSpan(1), "hh\\:mm", CultureInfo.InvariantCulture, out var offset))
        {
            return new SourceZone(null, (long)offset.TotalMinutes * MinuteMicroseconds * (text[0] == '-' ? -1 : 1));
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone)
            ? new SourceZone(zone, 0)
            : throw new FeatureException(
                FeatureError.InvalidInput,
                $"Time zone '{text}' is not known here; expected 'UTC', an offset such as '+02:00', or an IANA name such as 'Europe/Zurich'.");
    }

    /// <param name="local">Microseconds since 1970-01-01T00:00:00 on the zone's clocks.</param>
    /// <returns><see langword="false"/> when the clocks of the zone never showed that time.</returns>
    public bool TryToUtc(long local, out long utc)
    {
        utc = local - _offset;
        if (_zone is null)
        {
            return true;
        }

        // Offsets are whole seconds, so the fraction of a microsecond clock is not touched.
        var clock = UnixMicroseconds.ToDateTimeOffset(local).DateTime;
        if (_zone.IsInvalidTime(clock))
        {
            return false;
        }

        // Of an hour that comes twice, this is the offset of the second (standard time).
        utc = local - UnixMicroseconds.FromTimeSpan(_zone.GetUtcOffset(clock));
        return true;
    }
}
