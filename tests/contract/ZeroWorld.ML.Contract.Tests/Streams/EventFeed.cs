using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>One way for events to get from a producer to the views: what the contract of sources is tried on.</summary>
public abstract class EventFeed : IAsyncLifetime
{
    private int _topics;

    /// <summary>Crashes that are tried: each costs a new member of a group.</summary>
    public virtual int CrashStride => 1;

    protected abstract string Kind { get; }

    /// <summary>Definitions over a topic of their own.</summary>
    internal DefinitionSet NewTopic(string ids = "event_id: ID, created_time: KNOWN, ") => StreamDefinitions.Load(Kind, $"t{Interlocked.Increment(ref _topics)}", ids);

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    public abstract Task PublishAsync(EventStream stream, IReadOnlyList<string> events, CancellationToken cancellationToken);

    /// <summary>Brings what is not done to the views, as a process does that starts now; it ends at once where the crash says.</summary>
    internal abstract Task DrainAsync(DefinitionSet set, IOnlineStore store, StreamCrash? crash, CancellationToken cancellationToken);

    /// <summary>What was refused: the event, and why.</summary>
    public abstract Task<IReadOnlyList<(string Event, string Reason)>> ReadRefusedAsync(EventStream stream, CancellationToken cancellationToken);

    /// <summary>Events that are not done.</summary>
    public abstract Task<long?> ReadLagAsync(EventStream stream, CancellationToken cancellationToken);
}

/// <summary>A feed over a broker: the product's consumer on an event source.</summary>
public abstract class BrokerFeed : EventFeed
{
    protected abstract IEventSourceFactory Factory { get; }

    /// <summary>Sources whose group waits only shortly for a member, and that do nothing by themselves.</summary>
    internal abstract IEventSourceFactory CreateSilent();

    /// <summary>Makes what members have read, and not committed, everybody's again, as after a long silence of theirs.</summary>
    public abstract Task ForgetMembersAsync(EventStream stream, CancellationToken cancellationToken);

    internal override async Task DrainAsync(DefinitionSet set, IOnlineStore store, StreamCrash? crash, CancellationToken cancellationToken)
    {
        await using var source = Factory.Open(set.Streams[0]);
        var consumer = new StreamConsumer(
            set.Streams[0], StreamDefinitions.FieldsOf(set),
            crash is null ? source : new CrashingSource(source, crash),
            crash is null ? store : new CrashingStore(store, crash), archive: null,
            new StreamConsumerOptions { BatchEventsMax = 25, PollInterval = TimeSpan.FromMilliseconds(20) },
            TimeProvider.System, NullLogger<StreamConsumer>.Instance);

        // A group takes its time until it gives a member its partitions: nothing comes until then.
        do
        {
            await consumer.DrainAsync(cancellationToken);
        }
        while (await source.ReadLagAsync(cancellationToken) != 0);
    }

    public override async Task<long?> ReadLagAsync(EventStream stream, CancellationToken cancellationToken)
    {
        await using var source = Factory.Open(stream);
        return await source.ReadLagAsync(cancellationToken);
    }
}
