namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The clock of a source that does nothing by itself, as in a process that stands still: its timers never fire, and an hour lies between two looks at it.</summary>
internal sealed class SilentTime : TimeProvider
{
    private long _timestamp;

    public override long GetTimestamp() => Interlocked.Add(ref _timestamp, TimestampFrequency * 3600);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
