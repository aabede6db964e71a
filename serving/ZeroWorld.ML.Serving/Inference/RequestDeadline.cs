namespace ZeroWorld.ML.Serving;

/// <summary>The end of one request: when its caller goes, or when the time that it was given is over. Costs nothing for a request without a time of its own.</summary>
internal readonly struct RequestDeadline : IDisposable
{
    private readonly CancellationTokenSource? _timeout;
    private readonly CancellationTokenSource? _linked;
    private readonly CancellationToken _caller;

    private RequestDeadline(CancellationTokenSource? timeout, CancellationToken caller)
    {
        _timeout = timeout;
        _caller = caller;
        _linked = timeout is null ? null : CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, caller);
    }

    public CancellationToken Token => _linked?.Token ?? _caller;

    /// <summary>Whether the time is over and the caller is still there.</summary>
    public bool IsOver => _timeout is { IsCancellationRequested: true } && !_caller.IsCancellationRequested;

    /// <param name="timeout"><see langword="null"/>: none. Longer than a timer can wait is none, too.</param>
    public static RequestDeadline Start(TimeSpan? timeout, TimeProvider time, CancellationToken caller) =>
        new(timeout is { } left && left.TotalMilliseconds < uint.MaxValue - 1 ? new CancellationTokenSource(left, time) : null, caller);

    public void Dispose()
    {
        _linked?.Dispose();
        _timeout?.Dispose();
    }
}
