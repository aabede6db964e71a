namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A store whose writer, after some writes, waits until the gate is opened; then the first write fails, as a server that was cut off says, and is repeated.</summary>
internal sealed class GatedStore(IOnlineStore store, int writesBefore = 0) : PassingStore(store)
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _failures = 1;
    private int _writesBefore = writesBefore;

    /// <summary>A write has come.</summary>
    public Task Stopped => _stopped.Task;

    public void Open() => _gate.TrySetResult();

    public override async Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        await base.WriteRowsAsync(field, rows, cancellationToken);
    }

    public override async Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        await base.AppendEventsAsync(field, appends, trim, cancellationToken);
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _writesBefore) >= 0)
        {
            return;
        }

        _stopped.TrySetResult();
        await _gate.Task.WaitAsync(cancellationToken);
        if (Interlocked.Decrement(ref _failures) >= 0)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, "It was cut off.");
        }
    }
}
