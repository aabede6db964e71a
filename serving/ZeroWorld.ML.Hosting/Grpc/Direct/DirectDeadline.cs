using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>The deadline of a direct call. Costs nothing for a call without one.</summary>
internal readonly struct DirectDeadline : IDisposable
{
    private const string TimeoutHeader = "grpc-timeout";
    private static readonly TimeSpan TimerMax = TimeSpan.FromMilliseconds(uint.MaxValue - 2);
    private readonly CancellationTokenSource? _timer;

    private DirectDeadline(DateTimeOffset? time, CancellationTokenSource? timer)
    {
        Time = time;
        _timer = timer;
    }

    /// <summary><see langword="null"/>: there is none.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>Ends when the time is over.</summary>
    public CancellationToken TimeToken => _timer?.Token ?? default;

    /// <param name="timeout"><see langword="null"/>: the call has none.</param>
    /// <returns><see langword="false"/>: it has one that is nothing for this way, malformed or over already.</returns>
    public static bool TryRead(HttpRequest request, out TimeSpan? timeout)
    {
        timeout = null;
        if (!request.Headers.TryGetValue(TimeoutHeader, out var values))
        {
            return true;
        }

        var text = values.ToString();
        if (text.Length is < 2 or > 9 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        var ticks = text[^1] switch
        {
            'H' => count * TimeSpan.TicksPerHour,
            'M' => count * TimeSpan.TicksPerMinute,
            'S' => count * TimeSpan.TicksPerSecond,
            'm' => count * TimeSpan.TicksPerMillisecond,
            'u' => count * TimeSpan.TicksPerMicrosecond,
            'n' => count / TimeSpan.NanosecondsPerTick,
            _ => 0,
        };
        timeout = TimeSpan.FromTicks(ticks);
        return ticks > 0 && timeout < TimerMax;
    }

    /// <param name="timeout"><see langword="null"/>: none. Longer than a timer can wait is none, too.</param>
    public static DirectDeadline Start(TimeSpan? timeout, TimeProvider time)
    {
        if (timeout is not { } left || left >= TimerMax)
        {
            return default;
        }

        return new DirectDeadline(time.GetUtcNow() + left, new CancellationTokenSource(left, time));
    }

    public void Dispose() => _timer?.Dispose();
}
