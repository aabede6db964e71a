using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

public sealed class OnlineReadCacheTests
{
    private static readonly LastValueView View = new()
    {
        Project = "default",
        Name = "profile",
        Entity = new Entity { Name = "customer", Keys = [new EntityKey("customer_id", FeatureType.Int64)] },
        Source = new ViewSource { Table = "t", EventTimeColumn = "at", KeyColumns = ["customer_id"] },
        Features = [new LastValueFeature(new FeatureField("limit", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64), false), "limit")],
    };

    private readonly FakeTimeProvider _time = new();
    private readonly CountingStore _store = new();

    private static StorageField Field { get; } = StorageField.Of(View, hasIntegerEventId: false);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_Again_AsksTheStoreOnceUntilItIsTooOld()
    {
        var cache = Create();
        await WriteAsync(_store, 1, 10);

        Assert.Equal(Row(10), await ReadAsync(cache, 1));
        await WriteAsync(_store, 1, 20);
        _time.Advance(TimeSpan.FromMilliseconds(1000));
        Assert.Equal(Row(10), await ReadAsync(cache, 1));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Row(20), await ReadAsync(cache, 1));

        Assert.Equal(2, _store.Reads);
    }

    [Fact]
    public async Task ReadAsync_ThroughTheCoalescer_CountsAsSentWhatTheStoreWasAsked()
    {
        await using var coalescer = new OnlineReadCoalescer(Create(), new OnlineReadCoalescerOptions(), _time, NullLogger<OnlineReadCoalescer>.Instance) { IsPoolBusy = static () => false };
        using var metrics = new OwnMeasurements("ZeroWorld.ML.Features");
        foreach (var customers in (int[][])[[1, 2], [1, 2], [2, 3]])
        {
            var keys = customers.Select(static customer => new OnlineReadKey(Id(customer), [Field])).ToArray();
            await coalescer.TryReadAsync(keys, new OnlineReadAnswer[keys.Length], Timeout.InfiniteTimeSpan, Cancellation);
        }

        Assert.Equal([2, 1], metrics.Of("zeroworld.features.read.sent"));
        Assert.Equal([2, 1], metrics.Of("zeroworld.features.cache.misses"));
        Assert.Equal([2, 1], metrics.Of("zeroworld.features.cache.hits"));
        Assert.Equal(2, metrics.Of("zeroworld.features.read.duration").Count);
    }

    [Fact]
    public async Task ReadAsync_OfAnAbsentEntity_IsKeptToo()
    {
        var cache = Create();

        Assert.Null(await ReadAsync(cache, 1));
        Assert.Null(await ReadAsync(cache, 1));

        Assert.Equal(1, _store.Reads);
    }

    [Fact]
    public async Task ReadAsync_AfterAWriteOrDeletionThroughIt_SeesIt()
    {
        var cache = Create();
        await ReadAsync(cache, 1);

        await WriteAsync(cache, 1, 10);
        Assert.Equal(Row(10), await ReadAsync(cache, 1));
        await cache.DeleteEntityAsync(Id(1), [Field], 15, Cancellation);
        Assert.Null(await ReadAsync(cache, 1));
        await WriteAsync(cache, 1, 20);
        Assert.Equal(Row(20), await ReadAsync(cache, 1));
        await cache.ClearAsync(Field, long.MaxValue, Cancellation);
        Assert.Null(await ReadAsync(cache, 1));
    }

    [Fact]
    public async Task ReadAsync_OvertakenByAWrite_IsNotKept()
    {
        var cache = Create();
        await WriteAsync(_store, 1, 10);
        _store.Gate = new TaskCompletionSource();

        // It has the old row in hand when the write comes and goes.
        var overtaken = ReadAsync(cache, 1);
        await WriteAsync(cache, 1, 20);
        _store.Gate.SetResult();
        _store.Gate = null;

        Assert.Equal(Row(10), await overtaken);
        Assert.Equal(Row(20), await ReadAsync(cache, 1));
    }

    [Fact]
    public async Task ReadCoverageAsync_AnotherImport_TakesTheEntriesOfTheOldOne()
    {
        var cache = Create();
        _store.Coverage = new ViewCoverage(0, 10, "a");
        await cache.ReadCoverageAsync(Field, Cancellation);
        await WriteAsync(_store, 1, 10);
        await ReadAsync(cache, 1);
        await WriteAsync(_store, 1, 20);
        await cache.ReadCoverageAsync(Field, Cancellation);
        Assert.Equal(Row(10), await ReadAsync(cache, 1));

        _store.Coverage = new ViewCoverage(0, 10, "b");
        await cache.ReadCoverageAsync(Field, Cancellation);

        Assert.Equal(Row(20), await ReadAsync(cache, 1));
    }

    [Fact]
    public async Task ReadAsync_MoreThanTheBounds_DropsTheLeastRecentlyUsed()
    {
        var cache = Create(options => options.EntriesMax = 3);
        foreach (var customer in (int[])[1, 2, 3, 1, 4])
        {
            await ReadAsync(cache, customer);
        }

        Assert.Equal((3, 4), (cache.Count, _store.Reads));
        await ReadAsync(cache, 1);
        Assert.Equal(4, _store.Reads);
        await ReadAsync(cache, 2);
        Assert.Equal(5, _store.Reads);
    }

    [Fact]
    public async Task ReadAsync_MoreBytesThanTheBound_KeepsNoMore()
    {
        var row = Row(10).Length;
        var cache = Create(options => options.BytesMax = (2 * row) + 1);
        for (var customer = 0; customer < 10; customer++)
        {
            await WriteAsync(_store, customer, 10);
            await ReadAsync(cache, customer);
        }

        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public async Task ReadAsync_OfAStoreThatDoesNotAnswer_KeepsNothing()
    {
        var cache = Create();
        _store.IsDown = true;
        var read = new OnlineRead(Id(1), [Field]);
        await cache.ReadAsync([read], Cancellation);
        _store.IsDown = false;

        Assert.Equal((OnlineReadState.Unavailable, 0), (read.State, cache.Count));
        Assert.Null(await ReadAsync(cache, 1));
    }

    [Fact]
    public async Task TryReadAsync_ManyCallersThroughTheCoalescer_AreOneReadOfTheStore()
    {
        var cache = Create();
        await using var coalescer = new OnlineReadCoalescer(
            cache, new OnlineReadCoalescerOptions(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<OnlineReadCoalescer>.Instance);
        await WriteAsync(_store, 1, 10);
        _store.Gate = new TaskCompletionSource();
        OnlineReadKey key = new(Id(1), [Field]);

        var answers = Enumerable.Range(0, 20).Select(static _ => new OnlineReadAnswer[1]).ToArray();
        var calls = answers.Select(answer => coalescer.TryReadAsync([key], answer, Timeout.InfiniteTimeSpan, Cancellation).AsTask()).ToArray();
        _store.Gate.SetResult();
        await Task.WhenAll(calls);

        Assert.Equal(1, _store.Reads);
        Assert.All(answers, static answer => Assert.Equal(Row(10), answer[0].Payloads[0]!.Value.ToArray()));
    }

    private OnlineReadCache Create(Action<OnlineReadCacheOptions>? configure = null)
    {
        var options = new OnlineReadCacheOptions { EntriesMax = 100, AgeMax = TimeSpan.FromSeconds(1) };
        configure?.Invoke(options);
        return new OnlineReadCache(_store, options, _time);
    }

    private static EntityId Id(int customer) => new("default", "customer", $"i{customer}");

    private static byte[] Row(long time) => OnlineRowCodec.Encode(Field, time, time, [FeatureValue.FromFloat64(time)]);

    private static Task WriteAsync(IOnlineStore store, int customer, long time) => store.WriteRowsAsync(Field, [new OnlineRowWrite(Id(customer), Row(time))], Cancellation);

    private static async Task<byte[]?> ReadAsync(OnlineReadCache store, int customer)
    {
        var read = new OnlineRead(Id(customer), [Field]);
        await store.ReadAsync([read], Cancellation);
        Assert.Equal(OnlineReadState.Answered, read.State);
        return read.Payloads[0]?.ToArray();
    }

    /// <summary>Rows in memory; the newest write wins. Counts reads, and holds their answers at a gate.</summary>
    private sealed class CountingStore : IOnlineStore
    {
        private readonly Dictionary<EntityId, byte[]> _rows = [];

        public int Reads { get; private set; }

        public bool IsDown { get; set; }

        public TaskCompletionSource? Gate { get; set; }

        public ViewCoverage? Coverage { get; set; }

        public async ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
        {
            Reads += reads.Count;
            var rows = reads.Select(read => _rows.GetValueOrDefault(read.Entity)).ToArray();
            if (Gate is { } gate)
            {
                await gate.Task;
            }

            for (var index = 0; index < rows.Length; index++)
            {
                if (IsDown)
                {
                    reads[index].Fail();
                }
                else
                {
                    reads[index].Answer([rows[index] is { } row ? new ReadOnlyMemory<byte>(row) : (ReadOnlyMemory<byte>?)null]);
                }
            }
        }

        public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
        {
            foreach (var row in rows)
            {
                _rows[row.Entity] = row.Row.ToArray();
            }

            return Task.CompletedTask;
        }

        public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken)
        {
            _rows.Remove(entity);
            return Task.CompletedTask;
        }

        public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken)
        {
            _rows.Clear();
            return Task.CompletedTask;
        }

        public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => Task.FromResult(Coverage);

        public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
