using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>Counts requests under one <see cref="TraceRule"/>.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TraceSampler(TraceRule rule)
{
    private long _left = rule.Count;
    private long _seen = -1;

    public bool IsOn => rule.IsOn;

    /// <summary>The rule with the count that is left.</summary>
    public TraceRule Rule => rule with { Count = Math.Max(Volatile.Read(ref _left), -1) };

    /// <summary>Whether the next request is traced: a caller with a trace has decided for itself, of the others it is one in <see cref="TraceRule.Rate"/>, beginning with the first.</summary>
    public bool Take(ActivityContext caller)
    {
        if (!rule.IsOn)
        {
            return false;
        }

        var isChosen = caller == default ? Interlocked.Increment(ref _seen) % rule.Rate == 0 : (caller.TraceFlags & ActivityTraceFlags.Recorded) != 0;
        return isChosen && TakeOne();
    }

    private bool TakeOne()
    {
        var left = Volatile.Read(ref _left);
        while (left > 0)
        {
            var seen = Interlocked.CompareExchange(ref _left, left - 1, left);
            if (seen == left)
            {
                return true;
            }

            left = seen;
        }

        return left < 0;
    }
}
