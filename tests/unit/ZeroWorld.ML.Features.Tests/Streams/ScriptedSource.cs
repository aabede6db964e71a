using System.Text;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>A source that gives what a test has put into it, and counts its callers.</summary>
internal sealed class ScriptedSource : IEventSource
{
    private int _position;
    private int _callers;

    public Queue<string[]> Batches { get; } = [];

    /// <summary>Of the first events.</summary>
    public Queue<long> Arrivals { get; } = [];

    public int Reads { get; private set; }

    public int Committed { get; private set; }

    public List<DeadLetter> Dead { get; } = [];

    public Action OnCommit { get; set; } = static () => { };

    /// <summary>Instead of the events that were not read.</summary>
    public Func<long?>? Lag { get; set; }

    public Exception? Failure { get; set; }

    public FeatureException? FailureOnce { get; set; }

    /// <summary>Reads before the one that fails.</summary>
    public int FailureAt { get; set; }

    /// <summary>Calls that began while another one was under way.</summary>
    public int Overlaps { get; private set; }

    public async Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            return await ReadNextAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }

    private void Enter() => Overlaps += Interlocked.Increment(ref _callers) > 1 ? 1 : 0;

    private async Task<IReadOnlyList<StreamEvent>> ReadNextAsync(CancellationToken cancellationToken)
    {
        if (FailureOnce is { } once && Reads == FailureAt)
        {
            FailureOnce = null;
            throw once;
        }

        if (Failure is not null)
        {
            throw Failure;
        }

        if (!Batches.TryDequeue(out var batch))
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return [];
        }

        Reads++;
        await Task.Yield();
        return [.. batch.Select(text => new StreamEvent($"{_position++}", Arrivals.TryDequeue(out var arrival) ? arrival : 5, Encoding.UTF8.GetBytes(text)))];
    }

    public Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken)
    {
        Enter();
        OnCommit();
        Committed += events.Count;
        Dead.AddRange(deadLetters);
        Interlocked.Decrement(ref _callers);
        return Task.CompletedTask;
    }

    public async Task<long?> ReadLagAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        return Lag?.Invoke() ?? Batches.Count;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
