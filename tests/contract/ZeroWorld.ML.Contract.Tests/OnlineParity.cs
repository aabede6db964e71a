namespace ZeroWorld.ML.Contract.Tests;

/// <summary>
/// offline(q) == online(q), bit for bit, for every aggregate in both precisions at a thousand moments: what the engine joined against what the store
/// answers that was given the events as they arrived. To run it against another store: derive, and give it.
/// </summary>
public abstract class OnlineParity
{
    private static int s_projects;

    public static TheoryData<int, bool> Cases => [.. ParityCase.All.SelectMany(static (_, index) => new (int, bool)[] { (index, false), (index, true) })];

    /// <summary>A running store; it is not disposed here.</summary>
    protected abstract ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Read_AtAThousandMoments_EqualsTheTrainingSet(int index, bool isMaterialized)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var item = ParityCase.All[index];
        var store = await OpenAsync(cancellation);
        var (offline, expected) = await OfflineParity.OfAsync(item);
        var plan = item.Plan(isMaterialized ? OfflineParity.Project : $"p{Environment.ProcessId}_{Interlocked.Increment(ref s_projects)}");
        var writer = new ContractWriter(store, plan.Views[0].Field);
        var pending = new Queue<ContractEvent>(item.Events.OrderBy(static recorded => recorded.Arrival));
        var first = 0;
        if (isMaterialized)
        {
            // Half of the history comes by a materialization, the rest by pushes behind it; the newest of it twice.
            first = item.Reads.Count / 2;
            var until = item.Reads[first].Q;
            await store.ClearAsync(plan.Views[0].Field, long.MaxValue, cancellation);
            await new Materializer(offline, (IMaterializationLedger)store, TimeProvider.System).RunAsync([plan.Views[0].Field], until, null, cancellation);
            while (pending.TryPeek(out var recorded) && recorded.Arrival <= until - 86_400_000_000)
            {
                pending.Dequeue();
            }
        }

        var row = new FeatureCell[plan.Service.Columns.Count];
        for (var at = first; at < item.Reads.Count; at++)
        {
            var read = item.Reads[at];
            var arrived = new List<ContractEvent>();
            while (pending.TryPeek(out var recorded) && recorded.Arrival <= read.Q)
            {
                arrived.Add(pending.Dequeue());
            }

            foreach (var batch in arrived.Chunk(1 + (at % 5)))
            {
                await writer.WriteAsync(batch, cancellation);
            }

            await ReadAsync(store, plan, read, row, cancellation);
            for (var column = 0; column < row.Length; column++)
            {
                Assert.True(
                    AreEqual(expected[at][column], row[column]),
                    $"{item.Name}, read {at}, q {read.Q}, key {read.Key}, {plan.Service.Columns[column].Name}: offline {expected[at][column]}, online {row[column]}");
            }
        }
    }

    private static async Task ReadAsync(IOnlineStore store, FeatureServicePlan plan, ParityRead read, FeatureCell[] row, CancellationToken cancellationToken)
    {
        var view = plan.Views[0];
        var request = new OnlineRead(new EntityId(view.View.Project, view.View.Entity.Name, EntityKeyCodec.Encode(view.View.Entity, [read.Key])), [view.Field]);
        await store.ReadAsync([request], cancellationToken);
        Assert.Equal(OnlineReadState.Answered, request.State);
        var coverage = await store.ReadCoverageAsync(view.Field, cancellationToken);
        plan.BuildRow(read.Q, read.Request, [new ViewPayload(ViewPayloadState.Answered, request.Payloads[0] ?? default, coverage?.From ?? long.MinValue)], row);
    }

    // A frame does not keep the sign and payload of a NaN; every other bit counts.
    private static bool AreEqual(in FeatureCell offline, in FeatureCell online) => offline.Status == online.Status && (offline.Value == online.Value
        || (offline.Value is { IsNull: false, Type: FeatureType.Float64 } && double.IsNaN(offline.Value.AsFloat64()) && double.IsNaN(online.Value.ToDouble())));
}

public sealed class MemoryOnlineParityTests : OnlineParity
{
    private readonly MemoryOnlineStore _store = new();

    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken) => new(_store);
}

public sealed class RedisOnlineParityTests(RedisContractFixture fixture) : OnlineParity, IClassFixture<RedisContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken)
    {
        ZeroWorld.ML.Testing.RedisServerProcess.SkipIfMissing();
        return fixture.OpenAsync(cancellationToken);
    }
}

public sealed class GarnetOnlineParityTests(GarnetContractFixture fixture) : OnlineParity, IClassFixture<GarnetContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken) => fixture.OpenAsync(cancellationToken);
}
