using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>
/// Deletion of an entity: what happened at or before its time never comes back, whoever writes it again; the rest is as if the deleted had never been.
/// And a source table that was replaced: nothing of the old one is mixed with the new. To run it against another store: derive, and give it.
/// </summary>
public abstract class OnlineDeletion
{
    private const long Day = 86_400_000_000;
    private static int s_projects;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A running store; it is not disposed here.</summary>
    protected abstract ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken);

    [Theory]
    [InlineData(0, 98)]
    [InlineData(0, 200)]
    [InlineData(1, 98)]
    [InlineData(2, 98)]
    [InlineData(2, 97)]
    [InlineData(2, 200)]
    [InlineData(3, 98)]
    public async Task DeleteEntityAsync_OfWindows_LeavesWhatHappenedLater(int index, int untilDay)
    {
        var item = ParityCase.All[index];
        var store = await OpenAsync(Cancellation);
        var plan = item.Plan(NewProject());
        var field = plan.Views[0].Field;
        var until = (untilDay * Day) + 7;
        var known = item.Events.Where(static recorded => recorded.Arrival <= 100 * Day).OrderBy(static recorded => recorded.Arrival).ToList();
        await WriteAsync(store, field, known);
        await store.DeleteEntityAsync(Entity(field, 1), [field], until, Cancellation);
        await CheckAsync("deleted");

        // Both what is gone and what is there come again.
        await WriteAsync(store, field, [.. known.Where(static recorded => recorded.Event > 97 * Day)]);
        await CheckAsync("written again");

        await store.DeleteEntityAsync(Entity(field, 1), [field], until - Day, Cancellation);
        await CheckAsync("deleted with an earlier time");

        async Task CheckAsync(string when)
        {
            foreach (var (key, floor) in new[] { (1L, until), (2L, long.MinValue) })
            {
                var expected = Expect(field, item, known.Where(recorded => recorded.Event > floor && recorded.Key.AsInt64() == key), key);
                var actual = await ReadAsync(store, plan, item, key);
                for (var column = 0; column < actual.Length; column++)
                {
                    Assert.True(
                        expected[column] == actual[column],
                        $"{item.Name}, customer {key}, {when}, {plan.Service.Columns[column].Name}: expected {expected[column]}, found {actual[column]}");
                }
            }
        }
    }

    [Fact]
    public async Task DeleteEntityAsync_OfRows_LeavesOnlyLaterOnesAndTakesNoEarlierOneAgain()
    {
        var store = await OpenAsync(Cancellation);
        var (first, second) = (RowView("first"), RowView("second"));
        var entity = Entity(first, 7);
        await WriteRowAsync(store, first, entity, 10);
        await WriteRowAsync(store, second, entity, 21);
        await WriteRowAsync(store, first, Entity(first, 8), 10);

        await store.DeleteEntityAsync(entity, [first, second], 20, Cancellation);
        Assert.Null(await EventTimeAsync(store, first, entity));
        Assert.Equal(21, await EventTimeAsync(store, second, entity));
        Assert.Equal(10, await EventTimeAsync(store, first, Entity(first, 8)));

        await WriteRowAsync(store, first, entity, 20);
        Assert.Null(await EventTimeAsync(store, first, entity));
        await WriteRowAsync(store, first, entity, 21);
        Assert.Equal(21, await EventTimeAsync(store, first, entity));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task DeleteEntityAsync_WhileOthersWrite_LetsNothingOldThrough(int index)
    {
        var item = ParityCase.All[index];
        var store = await OpenAsync(Cancellation);
        var plan = item.Plan(NewProject());
        var field = plan.Views[0].Field;
        var until = 98 * Day;
        var known = item.Events.Where(static recorded => recorded.Arrival <= 100 * Day && recorded.Event > 97 * Day && recorded.Key.AsInt64() == 1).DistinctBy(static recorded => recorded.Id).ToList();
        var newest = known.Max(static recorded => recorded.Event);
        var writers = Enumerable.Range(0, 4).Select(async seed =>
        {
            var shuffled = known.ToArray();
            new Random(seed).Shuffle(shuffled);
            foreach (var chunk in shuffled.Chunk(3))
            {
                await WriteAsync(store, field, chunk, newest);
            }
        });
        await Task.WhenAll([.. writers, Task.Run(() => store.DeleteEntityAsync(Entity(field, 1), [field], until, Cancellation), Cancellation)]);

        var expected = Expect(field, item, known.Where(recorded => recorded.Event > until), 1);
        Assert.Equal(expected, await ReadAsync(store, plan, item, 1));
    }

    [Fact]
    public async Task ClearAsync_WithATime_KeepsRowsThatArrivedLater()
    {
        var store = await OpenAsync(Cancellation);
        var field = RowView("kept", NewProject());
        await WriteRowAsync(store, field, Entity(field, 1), 10);
        await WriteRowAsync(store, field, Entity(field, 2), 11);
        await store.WriteRowsAsync(field, [new OnlineRowWrite(Entity(field, 3), OnlineRowCodec.Encode(field, 5, 11, [FeatureValue.FromFloat64(1)]))], Cancellation);

        await store.ClearAsync(field, 10, Cancellation);

        Assert.Null(await EventTimeAsync(store, field, Entity(field, 1)));
        Assert.Equal(11, await EventTimeAsync(store, field, Entity(field, 2)));
        Assert.Equal(5, await EventTimeAsync(store, field, Entity(field, 3)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task ClearAsync_OfAView_ForgetsItAndNothingElse(int index)
    {
        var item = ParityCase.All[index];
        var store = await OpenAsync(Cancellation);
        var plan = item.Plan(NewProject());
        var field = plan.Views[0].Field;
        var row = RowView("row", field.View.Project);
        var known = item.Events.Where(static recorded => recorded.Arrival <= 100 * Day).OrderBy(static recorded => recorded.Arrival).ToList();
        await WriteAsync(store, field, known);
        await WriteRowAsync(store, row, Entity(row, 1), 5);
        await store.WriteCoverageAsync(field, new ViewCoverage(1, 2, "abc"), Cancellation);
        Assert.Equal(new ViewCoverage(1, 2, "abc"), await store.ReadCoverageAsync(field, Cancellation));
        await store.DeleteEntityAsync(Entity(field, 2), [field], 98 * Day, Cancellation);

        await store.ClearAsync(field, long.MaxValue, Cancellation);

        Assert.Null(await store.ReadCoverageAsync(field, Cancellation));
        Assert.Equal(Expect(field, item, [], 1), await ReadAsync(store, plan, item, 1));
        Assert.Equal(5, await EventTimeAsync(store, row, Entity(row, 1)));
        await WriteAsync(store, field, known);
        Assert.Equal(Expect(field, item, known.Where(static recorded => recorded.Key.AsInt64() == 2 && recorded.Event > 98 * Day), 2), await ReadAsync(store, plan, item, 2));
    }

    [Theory]
    [InlineData(WindowPrecision.Exact)]
    [InlineData(WindowPrecision.Hop)]
    public async Task RunAsync_AfterAnImportThatReplacedTheTable_MixesNothing(WindowPrecision precision)
    {
        var store = await OpenAsync(Cancellation);
        using var folder = new TempFolder();
        using var other = new TempFolder();
        var item = ParityCase.All[precision == WindowPrecision.Exact ? 0 : 2];
        var plan = item.Plan(NewProject());
        var field = plan.Views[0].Field;
        var offline = OfflineParity.OpenStore(folder.Path);
        var (old, next) = (item.Events.Where(static recorded => recorded.Id.AsInt64() % 3 != 0 && recorded.Arrival < 100 * Day).ToList(),
            item.Events.Where(static recorded => recorded.Id.AsInt64() % 3 == 0 && recorded.Key.AsInt64() != 2 && recorded.Arrival < 100 * Day).ToList());
        var materializer = new Materializer(offline, (IMaterializationLedger)store, TimeProvider.System);
        await OfflineParity.ImportEventsAsync(offline, plan, old, other.Path, Cancellation);
        await materializer.RunAsync([field], null, Cancellation);
        await CheckAsync(old);

        await OfflineParity.ImportEventsAsync(offline, plan, next, other.Path, Cancellation);
        await materializer.RunAsync([field], null, Cancellation);
        await CheckAsync(next);

        // What was pushed behind the last import is in none, and stays when the table is replaced again.
        var lastArrival = item.Events.Where(static recorded => recorded.Arrival < 100 * Day).Max(static recorded => recorded.Arrival);
        var pushed = item.Events.Where(static recorded => recorded.Key.AsInt64() == 2).Take(3)
            .Select((recorded, at) => recorded with { Event = lastArrival + 1 + at, Created = lastArrival + 1 + at, Id = FeatureValue.FromInt64(-1 - at) }).ToList();
        await WriteAsync(store, field, pushed);
        await OfflineParity.ImportEventsAsync(offline, plan, old, other.Path, Cancellation);
        await materializer.RunAsync([field], null, Cancellation);
        await CheckAsync([.. old, .. pushed]);

        await materializer.RunAsync([field], null, Cancellation);
        await CheckAsync([.. old, .. pushed]);

        async Task CheckAsync(List<ContractEvent> events)
        {
            foreach (var key in new[] { 1L, 2L, 3L })
            {
                Assert.Equal(Expect(field, item, events.Where(recorded => recorded.Key.AsInt64() == key), key), await ReadAsync(store, plan, item, key));
            }
        }
    }

    private static string NewProject() => $"d{Environment.ProcessId}_{Interlocked.Increment(ref s_projects)}";

    private static EntityId Entity(StorageField field, long key) =>
        new(field.View.Project, field.View.Entity.Name, EntityKeyCodec.Encode(field.View.Entity, [FeatureValue.FromInt64(key)]));

    private static async Task WriteAsync(IOnlineStore store, StorageField field, IReadOnlyList<ContractEvent> events, long? newest = null)
    {
        var writer = new ContractWriter(store, field, newest);
        foreach (var batch in events.Chunk(40))
        {
            await writer.WriteAsync(batch, Cancellation);
        }
    }

    /// <summary>What the kernel makes of exactly these events, as a training set does; the read is at day 100.</summary>
    private static FeatureCell[] Expect(StorageField field, ParityCase item, IEnumerable<ContractEvent> events, long key)
    {
        var builder = new WindowBlockBuilder(field);
        var id = Entity(field, key).Key;
        foreach (var recorded in events.Where(static recorded => recorded.Event - recorded.Created <= 300_000_000).OrderBy(static recorded => recorded.Arrival))
        {
            builder.Add(recorded.Event, recorded.Created, recorded.Id, id, [.. field.View.StoredColumns.Select(recorded.ValueOf)]);
        }

        var block = field.IsHop ? HopBlockMerge.OfHistory(field, builder.Build(), long.MaxValue, long.MinValue) : builder.Build();
        var cells = new FeatureCell[item.View.Features.Count];
        Assert.True(new WindowKernel(field).Evaluate(block, long.MinValue, 100 * Day, Request(field), cells));
        return cells;
    }

    private static FeatureValue[] Request(StorageField field) => [.. field.View.StoredColumns.Select(static column => column.Type switch
    {
        FeatureType.String => FeatureValue.FromString("shop"),
        FeatureType.Int64 => FeatureValue.FromInt64(3),
        _ => FeatureValue.FromFloat64(2.5),
    })];

    private static async Task<FeatureCell[]> ReadAsync(IOnlineStore store, FeatureServicePlan plan, ParityCase item, long key)
    {
        var field = plan.Views[0].Field;
        var read = new OnlineRead(Entity(field, key), [field]);
        await store.ReadAsync([read], Cancellation);
        Assert.Equal(OnlineReadState.Answered, read.State);
        var cells = new FeatureCell[item.View.Features.Count];
        Assert.True(new WindowKernel(field).Evaluate((read.Payloads[0] ?? default).Span, long.MinValue, 100 * Day, Request(field), cells));
        return cells;
    }

    private static StorageField RowView(string name, string? project = null) => StorageField.Of(
        new LastValueView
        {
            Project = project ?? "rows",
            Name = name,
            Entity = new Entity { Name = ContractViews.EntityName, Keys = [new EntityKey(ContractViews.KeyName, FeatureType.Int64)] },
            Source = new ViewSource { Table = "rows", EventTimeColumn = "t", KeyColumns = [ContractViews.KeyName] },
            Features = [new LastValueFeature(new FeatureField("v", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64), false), "v")],
        },
        hasIntegerEventId: false);

    private static Task WriteRowAsync(IOnlineStore store, StorageField field, EntityId entity, long time) => store.WriteRowsAsync(
        field, [new OnlineRowWrite(entity, OnlineRowCodec.Encode(field, time, time, [FeatureValue.FromFloat64(time)]))], Cancellation);

    private static async Task<long?> EventTimeAsync(IOnlineStore store, StorageField field, EntityId entity)
    {
        var read = new OnlineRead(entity, [field]);
        await store.ReadAsync([read], Cancellation);
        return read.Payloads[0] is { } row && OnlineRowCodec.TryReadHeader(field, row.Span, out var eventTime, out _, out _) ? eventTime : null;
    }
}

public sealed class MemoryOnlineDeletionTests : OnlineDeletion
{
    private readonly MemoryOnlineStore _store = new();

    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken) => new(_store);
}

public sealed class RedisOnlineDeletionTests(RedisContractFixture fixture) : OnlineDeletion, IClassFixture<RedisContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken)
    {
        RedisServerProcess.SkipIfMissing();
        return fixture.OpenAsync(cancellationToken);
    }
}

public sealed class GarnetOnlineDeletionTests(GarnetContractFixture fixture) : OnlineDeletion, IClassFixture<GarnetContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken) => fixture.OpenAsync(cancellationToken);
}
