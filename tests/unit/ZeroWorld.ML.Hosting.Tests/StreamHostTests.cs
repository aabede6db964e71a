using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class StreamHostTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    // Both change; a broker that takes no commit keeps one of them from ending.
    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public async Task ExecuteAsync_StreamThatTakesLongToEnd_HoldsUpNoOther(string slow, string quick)
    {
        using var directory = DataDirectory.OpenForWriting(_folder.Combine("data"));
        var registry = new DefinitionRegistry(directory.Root, TimeProvider.System);
        registry.Apply(Definitions(dead: "first"), []);
        var broker = new Broker { Slow = slow };
        var offline = new DuckDbOfflineStore(new ParquetOfflineOptions { DataDirectory = directory.Root }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
        await using var store = new RedisOnlineStore(new RedisOnlineStoreOptions(), TimeProvider.System, NullLogger<RedisOnlineStore>.Instance);
        using var host = new StreamHost(
            registry, new FeatureServiceCatalog(registry, offline, directory), store, offline, [broker], ZeroWorldConfiguration.Load(new ConfigurationInputs()), new HastyTime(),
            NullLogger<StreamHost>.Instance, NullLogger<StreamConsumer>.Instance);
        await host.StartAsync(Cancellation);
        await broker.IsHeld.WaitAsync(Cancellation);

        registry.Apply(Definitions(dead: "second"), []);
        await broker.OpenedAsync(quick, "second").WaitAsync(TimeSpan.FromMinutes(1), Cancellation);

        Assert.False(broker.OpenedAsync(slow, "second").IsCompleted);
        broker.Release();
        await broker.OpenedAsync(slow, "second").WaitAsync(Cancellation);
        await host.StopAsync(Cancellation);
    }

    private static DefinitionSet Definitions(string dead) => DefinitionLoader.Load([new DefinitionFile("a.yaml", $$"""
        version: 1
        streams:
        {{string.Join('\n', new[] { "a", "b" }.Select(name => $"  - {{ name: {name}, kind: redis, topic: {name}, dead_letters: {dead}, archive: false, columns: [ {{ name: N, type: int64, field: n }} ] }}"))}}
        """)]);

    /// <summary>Looks at definitions all the time; nothing else is ever over.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime <= Interval ? dueTime / 100 : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private sealed class Broker : IEventSourceFactory
    {
        private readonly ConcurrentDictionary<(string Stream, string Dead), TaskCompletionSource> _opened = new();
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public required string Slow { get; init; }

        public EventStreamKind Kind => EventStreamKind.Redis;

        /// <summary>A commit of the slow stream waits.</summary>
        public Task IsHeld => _held.Task;

        public void Release() => _released.SetResult();

        public Task OpenedAsync(string stream, string dead) => Opening(stream, dead).Task;

        public IEventSource Open(EventStream stream)
        {
            Opening(stream.Name, stream.DeadLetterTopic).TrySetResult();
            return new Source(this, stream.Name == Slow);
        }

        private TaskCompletionSource Opening(string stream, string dead) =>
            _opened.GetOrAdd((stream, dead), static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

        /// <summary>Has one event; where it is the slow one, no commit ends before the release.</summary>
        private sealed class Source(Broker broker, bool isSlow) : IEventSource
        {
            private int _reads;

            public async Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken)
            {
                if (_reads++ > 0)
                {
                    await Task.Delay(wait < TimeSpan.FromMilliseconds(10) ? wait : TimeSpan.FromMilliseconds(10), cancellationToken);
                    return [];
                }

                return [new StreamEvent("1", 5, """{"n":1}"""u8.ToArray())];
            }

            public async Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken)
            {
                if (isSlow)
                {
                    broker._held.TrySetResult();
                    await broker._released.Task.WaitAsync(cancellationToken);
                }
            }

            public Task<long?> ReadLagAsync(CancellationToken cancellationToken) => Task.FromResult<long?>(0);

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
