namespace ZeroWorld.ML.Features;

/// <summary>The hop sizes: each divides the next, and all lie on the UTC epoch.</summary>
/// <remarks>The rule of Chronon's sawtooth windows (<c>Resolution.scala</c>): a day for windows of 12 days and more, an hour for 12 hours and more, else five minutes.</remarks>
public static class HopLadder
{
    /// <summary>Ascending.</summary>
    public static IReadOnlyList<TimeSpan> Sizes { get; } =
        [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromHours(1), TimeSpan.FromDays(1)];

    /// <summary>The hop of a window that declares none.</summary>
    public static TimeSpan DefaultOf(TimeSpan window) =>
        window >= TimeSpan.FromDays(12) ? TimeSpan.FromDays(1)
        : window >= TimeSpan.FromHours(12) ? TimeSpan.FromHours(1)
        : TimeSpan.FromMinutes(5);

    /// <summary>The hop of a feature.</summary>
    public static TimeSpan Of(WindowFeature feature)
    {
        ArgumentNullException.ThrowIfNull(feature);
        return feature.Hop > TimeSpan.Zero ? feature.Hop : DefaultOf(feature.Window);
    }
}
