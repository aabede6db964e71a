using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Levels of priority and limits per level of one model's queue. Costs a comparison where a model has none.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class QueuePolicies
{
    private const int LevelsDefault = 10;
    private readonly QueueSettings _settings;
    private readonly TimeProvider _time;
    private readonly int[]? _waiting;

    public QueuePolicies(QueueSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        var hasLimits = settings.ByLevel.Values.Append(settings.Common).Any(static policy => policy.RequestsMax > 0);
        _waiting = hasLimits ? new int[Levels + 1] : null;
        HasTimeouts = settings.ByLevel.Values.Append(settings.Common).Any(static policy => policy.Timeout > TimeSpan.Zero);
    }

    private int Levels => _settings.PriorityLevels == 0 ? LevelsDefault : _settings.PriorityLevels;

    private bool HasTimeouts { get; }

    /// <summary>The level of a request: 1 is the first. Without levels of the model's own anything beyond the last is the last; with them it is the default.</summary>
    public int LevelOf(int priority) => _settings.PreservesOrder ? _settings.PriorityLevels == 0 ? RequestUrgency.PriorityDefault : 1
        : _settings.PriorityLevels == 0
        ? priority <= 0 ? RequestUrgency.PriorityDefault : Math.Min(priority, LevelsDefault)
        : priority >= 1 && priority <= _settings.PriorityLevels ? priority : _settings.PriorityDefault;

    /// <summary>Until when a request that comes now may wait: its own deadline or that of its level, whichever is first.</summary>
    /// <param name="delayAt">When it goes behind all others; <see cref="long.MaxValue"/>: never.</param>
    public long LimitDue(int level, long due, long now, out long delayAt)
    {
        delayAt = long.MaxValue;
        if (!HasTimeouts || PolicyOf(level) is not { Timeout: var timeout, OnTimeout: var action } || timeout <= TimeSpan.Zero)
        {
            return due;
        }

        var end = now + (long)(timeout.TotalSeconds * _time.TimestampFrequency);
        if (action == QueueTimeoutAction.Delay)
        {
            delayAt = end;
            return due;
        }

        return due == 0 ? end : Math.Min(due, end);
    }

    /// <summary>Counts a request that is about to wait.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: as many of its level wait as may.</exception>
    public void Enter(int level)
    {
        if (_waiting is null)
        {
            return;
        }

        var max = PolicyOf(level).RequestsMax;
        var waiting = Interlocked.Increment(ref _waiting[level]);
        if (max > 0 && waiting > max)
        {
            Interlocked.Decrement(ref _waiting[level]);
            throw new ServingException(ServingError.Overloaded, $"Exceeds maximum queue size: {max} requests of priority {level} may wait for the model, and {waiting - 1} do. Try again later.");
        }
    }

    /// <summary>A request waits no more.</summary>
    public void Leave(int level)
    {
        if (_waiting is not null)
        {
            Interlocked.Decrement(ref _waiting[level]);
        }
    }

    private QueuePolicy PolicyOf(int level) => _settings.ByLevel.TryGetValue(level, out var own) ? own : _settings.Common;
}
