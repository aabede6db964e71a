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
internal sealed class CrashingStore(IOnlineStore store, StreamCrash crash) : PassingStore(store)
{
    public override async Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
    {
        await base.WriteRowsAsync(field, [.. rows.Take(rows.Count / 2)], cancellationToken);
        crash.Step();
        await base.WriteRowsAsync(field, [.. rows.Skip(rows.Count / 2)], cancellationToken);
        crash.Step();
    }

    public override async Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
    {
        await base.AppendEventsAsync(field, [.. appends.Take(appends.Count / 2)], trim, cancellationToken);
        crash.Step();
        await base.AppendEventsAsync(field, [.. appends.Skip(appends.Count / 2)], trim, cancellationToken);
        crash.Step();
    }
}
