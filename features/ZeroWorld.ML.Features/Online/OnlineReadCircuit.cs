namespace ZeroWorld.ML.Features;

/// <summary>Decides whether reads are worth trying: after a run of multi-gets in which the store was silent they fail at once, and one call now and then probes.</summary>
/// <remarks>Not thread safe; times are timestamps of the owner's <see cref="TimeProvider"/>.</remarks>
internal sealed class OnlineReadCircuit(OnlineReadCoalescerOptions options, TimeProvider time)
{
    private long _lastProbe;
    private int _failures;

    public bool IsOpen { get; private set; }

    /// <returns>Whether a call may read; while open, one per <see cref="OnlineReadCoalescerOptions.OpenDuration"/>.</returns>
    public bool TryEnter()
    {
        if (!IsOpen)
        {
            return true;
        }

        if (time.GetElapsedTime(_lastProbe) < options.OpenDuration)
        {
            return false;
        }

        // The probe is counted by time, not by its end: one that its caller gave up can never lock the circuit open.
        _lastProbe = time.GetTimestamp();
        return true;
    }

    /// <returns>Whether this answer closed the circuit.</returns>
    public bool OnAnswered()
    {
        _failures = 0;
        var wasOpen = IsOpen;
        IsOpen = false;
        return wasOpen;
    }

    /// <returns>Whether this failure opened the circuit.</returns>
    public bool OnFailed()
    {
        _failures = Math.Min(_failures + 1, options.FailuresToOpen);
        if (IsOpen || _failures < options.FailuresToOpen)
        {
            return false;
        }

        _lastProbe = time.GetTimestamp();
        IsOpen = true;
        return true;
    }
}
