namespace ZeroWorld.ML.Features;

/// <summary>The tile sizes of a view with precision <c>hop</c>, and how long tiles of each size and single events are kept.</summary>
/// <remarks>
/// A window is covered from its tail with tiles of its hop, then with ever finer ones, and with single events from the last finest boundary to its head.
/// So tiles finer than a window's hop are kept for one coarser tile behind the oldest head that is still answered, and events for one finest tile.
/// </remarks>
internal sealed class HopLevels
{
    public HopLevels(WindowedView view)
    {
        var hops = view.Features.Select(HopLadder.Of).ToList();
        var finest = hops.Append(TimeSpan.FromMinutes(5)).Min();
        var coarsest = hops.Max();
        TimeSpan[] sizes = [.. HopLadder.Sizes.Where(size => size >= finest && size <= coarsest)];
        Sizes = [.. sizes.Select(UnixMicroseconds.FromTimeSpan)];
        var behind = view.LabelDelay + view.History;
        Retentions =
        [
            .. sizes.Select((size, level) => UnixMicroseconds.FromTimeSpan(behind + size + view.Features
                .Where(feature => HopLadder.Of(feature) == size).Select(static feature => feature.Window)
                .Append(level + 1 < sizes.Length ? sizes[level + 1] : TimeSpan.Zero).Max())),
        ];
        EventRetention = UnixMicroseconds.FromTimeSpan(behind + sizes[0]);
        Retention = UnixMicroseconds.FromTimeSpan(view.Retention);
    }

    /// <summary>Microseconds, ascending; each divides the next.</summary>
    public long[] Sizes { get; }

    /// <summary>Per size: how far behind the newest event its tiles reach.</summary>
    public long[] Retentions { get; }

    /// <summary>How far behind the newest event single events reach.</summary>
    public long EventRetention { get; }

    /// <summary>The longest of all.</summary>
    public long Retention { get; }

    public int LevelOf(WindowFeature feature) => Array.IndexOf(Sizes, UnixMicroseconds.FromTimeSpan(HopLadder.Of(feature)));

    /// <summary>The grid point at or before a time; the smallest int64 where there is none.</summary>
    public static long Floor(long time, long size)
    {
        var rest = time % size;
        rest = rest < 0 ? rest + size : rest;
        return time < long.MinValue + rest ? long.MinValue : time - rest;
    }

    /// <summary>The grid point at or after a time; the greatest int64 where there is none.</summary>
    public static long Ceiling(long time, long size)
    {
        var floor = Floor(time, size);
        return floor == time ? time : floor > long.MaxValue - size ? long.MaxValue : floor + size;
    }
}
