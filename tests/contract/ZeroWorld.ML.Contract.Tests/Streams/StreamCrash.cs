namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The end of a process at one chosen instant of its work: whatever was done stays done, nothing else is.</summary>
internal sealed class StreamCrash(int at)
{
    private int _steps;

    public bool Happened { get; private set; }

    public void Step()
    {
        if (Interlocked.Increment(ref _steps) == at + 1)
        {
            Happened = true;
            throw new InvalidOperationException("The process was killed.");
        }
    }
}

/// <summary>A source whose process may end before and after each call.</summary>
internal sealed class CrashingSource(IEventSource source, StreamCrash crash) : IEventSource
{
    public async Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken)
    {
        var events = await source.ReadAsync(eventsMax, wait, cancellationToken);
        crash.Step();
        return events;
    }

    public async Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken)
    {
        crash.Step();
        await source.CommitAsync(events, deadLetters, cancellationToken);
        crash.Step();
    }

    public Task<long?> ReadLagAsync(CancellationToken cancellationToken) => source.ReadLagAsync(cancellationToken);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}

/// <summary>A store whose writer may end before, in the middle of and after each write.</summary>
internal sealed class CrashingStore(IOnlineStore store, StreamCrash crash) : IOnlineStore
{
    public async Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
    {
        await store.WriteRowsAsync(field, [.. rows.Take(rows.Count / 2)], cancellationToken);
        crash.Step();
        await store.WriteRowsAsync(field, [.. rows.Skip(rows.Count / 2)], cancellationToken);
        crash.Step();
    }

    public async Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
    {
        await store.AppendEventsAsync(field, [.. appends.Take(appends.Count / 2)], trim, cancellationToken);
        crash.Step();
        await store.AppendEventsAsync(field, [.. appends.Skip(appends.Count / 2)], trim, cancellationToken);
        crash.Step();
    }

    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => store.ReadAsync(reads, cancellationToken);

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        store.DeleteEntityAsync(entity, fields, until, cancellationToken);

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => store.ClearAsync(field, keepArrivedAfter, cancellationToken);

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => store.ReadCoverageAsync(field, cancellationToken);

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) =>
        store.WriteCoverageAsync(field, coverage, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
