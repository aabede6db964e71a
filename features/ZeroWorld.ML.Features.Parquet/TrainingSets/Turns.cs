namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Lets threads do one thing after the other, by their numbers: 0 first.</summary>
internal sealed class Turns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, ManualResetEventSlim> _waiting = [];
    private long _next;
    private bool _isStopped;

    /// <summary>Blocks until every number before this one is done.</summary>
    /// <exception cref="OperationCanceledException">A thread stopped.</exception>
    public void Wait(long number)
    {
        using var turn = new ManualResetEventSlim();
        lock (_lock)
        {
            if (_next == number || _isStopped)
            {
                turn.Set();
            }
            else
            {
                _waiting.Add(number, turn);
            }
        }

        turn.Wait();
        lock (_lock)
        {
            _waiting.Remove(number);
            if (_isStopped)
            {
                throw new OperationCanceledException("Another thread of the same work stopped.");
            }
        }
    }

    /// <summary>The thread whose turn it was is done.</summary>
    public void Done()
    {
        lock (_lock)
        {
            _next++;
            if (_waiting.TryGetValue(_next, out var turn))
            {
                turn.Set();
            }
        }
    }

    /// <summary>Nobody waits any more: whoever does, or will, is told so.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            foreach (var turn in _waiting.Values)
            {
                turn.Set();
            }
        }
    }
}
