using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Bytes of a batch stay where they are until its write has been acknowledged, and are used again then.</summary>
public sealed class BatchMemoryTests : IDisposable
{
    private const int BatchesInFlight = 4;

    private static readonly StorageField Field = StorageField.Of(
        DefinitionLoader.Load([new DefinitionFile("a.yaml", """
            version: 1
            entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
            feature_views:
              - { name: uses, entity: card, source: { table: uses, event_time: at, event_id: id }, window: { history: 40d }, features: [ { name: s, aggregate: sum, of: amount, window: 1d } ] }
            """)]).Views[0],
        hasIntegerEventId: true);

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunAsync_WritesThatAreNotAnsweredYet_KeepTheirBytes()
    {
        await ImportAsync();
        var (calm, held) = (new InMemoryOnlineStore(), new InMemoryOnlineStore());
        await RunAsync(_folder.Store, calm);
        var (offline, waiting, gate) = (new Watching(_folder.Store), new TaskCompletionSource(), new TaskCompletionSource());
        held.OnWrite = write =>
        {
            if (write == BatchesInFlight)
            {
                waiting.SetResult();
            }

            return gate.Task;
        };

        var running = RunAsync(offline, held);
        await (await Task.WhenAny(waiting.Task, running)).WaitAsync(Token);
        var released = offline.Released;
        gate.SetResult();
        await running;

        Assert.Equal(0, released);
        Assert.InRange(offline.Given, BatchesInFlight + 1, 1000);
        Assert.Equal(offline.Given, offline.Released);
        Assert.Equal(
            calm.Bytes.ToDictionary(static item => item.Key, static item => Convert.ToHexString(item.Value)),
            held.Bytes.ToDictionary(static item => item.Key, static item => Convert.ToHexString(item.Value)));
    }

    [Fact]
    public async Task RunAsync_WriteThatFailed_ReleasesNothingOfIt()
    {
        await ImportAsync();
        var (offline, online) = (new Watching(_folder.Store), new InMemoryOnlineStore { BatchesUntilFailure = 2 });

        await Assert.ThrowsAsync<FeatureException>(() => RunAsync(offline, online));

        Assert.Equal(2, offline.Released);
    }

    [Fact]
    public void Take_MoreThanAPiece_IsGivenAPlaceOfItsOwn()
    {
        using var memory = new BatchMemory();

        var (first, large, second) = (memory.Take(10), memory.Take(1 << 20), memory.Take(20));
        first.Span.Fill(1);
        large.Span.Fill(2);
        second.Span.Fill(3);

        Assert.Equal((10, 1 << 20, 20), (first.Length, large.Length, second.Length));
        Assert.Equal(-1, first.Span.IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, large.Span.IndexOfAnyExcept((byte)2));
    }

    private static Task<Materialization> RunAsync(IOfflineStore offline, InMemoryOnlineStore online) => new Materializer(offline, online, TimeProvider.System).RunAsync([Field], null, Token);

    private async Task ImportAsync()
    {
        var path = _folder.WriteParquet("uses.parquet", "SELECT i % 900 AS card_id, i AS id, make_timestamptz((i * 1000)::BIGINT) AS at, i / 3.0::DOUBLE AS amount FROM range(4000) r(i)");
        await _folder.Store.ImportAsync(
            new TableImport(
                "default", "uses", path,
                [new("card_id", FeatureType.Int64), new("id", FeatureType.Int64), new("at", FeatureType.Timestamp), new("amount", FeatureType.Float64)], "UTC"),
            Token);
    }

    /// <summary>The store, and how many batches of its histories were given and released.</summary>
    private sealed class Watching(IOfflineStore store) : IOfflineStore
    {
        private readonly ConcurrentDictionary<IDisposable, bool> _released = [];

        public int Given => _released.Count;

        public int Released => _released.Count(static item => item.Value);

        public async Task<IViewHistory> OpenHistoryAsync(StorageField field, CancellationToken cancellationToken) =>
            new WatchedHistory(await store.OpenHistoryAsync(field, cancellationToken), this);

        public Task<IReadOnlyList<OfflineColumn>> DescribeTableAsync(string project, string table, CancellationToken cancellationToken) =>
            store.DescribeTableAsync(project, table, cancellationToken);

        public Task<IReadOnlyList<string>> FindMisfitsAsync(IReadOnlyList<FeatureView> views, CancellationToken cancellationToken) => store.FindMisfitsAsync(views, cancellationToken);

        public Task<TableSummary> ImportAsync(TableImport import, CancellationToken cancellationToken) => store.ImportAsync(import, cancellationToken);

        public Task<TrainingSet> BuildTrainingSetAsync(TrainingSetRequest request, IProgress<long>? progress, CancellationToken cancellationToken) =>
            store.BuildTrainingSetAsync(request, progress, cancellationToken);

        public Task<TableErasure> EraseAsync(TableErasureRequest request, CancellationToken cancellationToken) => store.EraseAsync(request, cancellationToken);

        public Task<ColumnFrame> LoadAsync(string path, IReadOnlyList<string> columns, TimeFilter? filter, CancellationToken cancellationToken) =>
            store.LoadAsync(path, columns, filter, cancellationToken);

        private WatchedMemory Watch(IDisposable memory)
        {
            var watched = new WatchedMemory(memory, this);
            _released[watched] = false;
            return watched;
        }

        private sealed class WatchedMemory(IDisposable memory, Watching store) : IDisposable
        {
            public void Dispose()
            {
                Assert.False(store._released[this]);
                store._released[this] = true;
                memory.Dispose();
            }
        }

        private sealed class WatchedHistory(IViewHistory history, Watching store) : IViewHistory
        {
            public SourceExtent Extent => history.Extent;

            public async IAsyncEnumerable<HistoryBatch<WindowAppend>> ReadEventsAsync(MaterializationRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await foreach (var batch in history.ReadEventsAsync(range, cancellationToken))
                {
                    yield return batch with { Memory = store.Watch(batch.Memory!) };
                }
            }

            public IAsyncEnumerable<HistoryBatch<OnlineRowWrite>> ReadRowsAsync(MaterializationRange range, CancellationToken cancellationToken) =>
                history.ReadRowsAsync(range, cancellationToken);

            public ValueTask DisposeAsync() => history.DisposeAsync();
        }
    }
}
