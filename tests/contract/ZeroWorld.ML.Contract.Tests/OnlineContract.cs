namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The truth table against an online store. To run it against another one: derive, and give a store.</summary>
public abstract class OnlineContract
{
    // One store serves many cases, each in a project of its own.
    private static int s_projects;

    public static IEnumerable<TheoryDataRow<int>> Cases =>
        ContractTable.All.Select(static (item, index) => new TheoryDataRow<int>(index) { TestDisplayName = $"{item.Name} ({item.Place})" });

    /// <summary>A running store; it is not disposed here.</summary>
    protected abstract ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Read_CaseOfTheTruthTable_GivesWhatItSays(int index)
    {
        var item = ContractTable.All[index];
        var cancellation = TestContext.Current.CancellationToken;
        var store = await OpenAsync(cancellation);
        var differences = new List<string>();
        foreach (var read in item.Reads)
        {
            var known = item.Events.Where(recorded => recorded.Arrival <= read.Q).OrderBy(static recorded => recorded.Arrival).ToList();
            differences.AddRange(await CheckAsync(store, item, read, [.. known.Select(static recorded => (ContractEvent[])[recorded])], "known at q", false));
            differences.AddRange(await CheckAsync(store, item, read, [[.. known]], "known at q, at once", false));
            if (!HasConflictingIds(item))
            {
                foreach (var seed in (int[])[1, 2, 3])
                {
                    var shuffled = known.ToArray();
                    new Random(seed).Shuffle(shuffled);
                    differences.AddRange(await CheckAsync(store, item, read, [.. shuffled.Chunk(seed)], $"known at q, order {seed}", false));
                }
            }

            var all = item.Events.OrderBy(static recorded => recorded.Arrival).ToList();
            differences.AddRange(await CheckAsync(store, item, read, [.. all.Select(static recorded => (ContractEvent[])[recorded])], "all written", true));
            differences.AddRange(await CheckAsync(store, item, read, [[.. all]], "all written at once", true));
        }

        Assert.True(differences.Count == 0, $"{item.Place} '{item.Name}'\n{string.Join('\n', differences)}");
    }

    /// <summary>Reads one row from a store that has been written.</summary>
    /// <returns>One sentence per cell that differs.</returns>
    internal static async Task<IEnumerable<string>> CheckReadAsync(
        IOnlineStore store, FeatureServicePlan plan, ContractRead read, string mode, bool mayBeUnavailable)
    {
        var payload = await ReadAsync(store, plan.Views[0], read, TestContext.Current.CancellationToken);
        var row = new FeatureCell[plan.Service.Columns.Count];
        plan.BuildRow(read.Q, [read.Request.GetValueOrDefault("v", FeatureValue.Null(FeatureType.Float64))], [payload], row);
        return read.Expected
            .Select((expected, column) => CellCheck.FindDifference(expected, row[column], isOnline: true, mayBeUnavailable) is { } difference
                ? $"  line {read.Line}, q = {read.Q}, {mode}: {plan.Service.Columns[column].Name}: {difference}"
                : null)
            .OfType<string>();
    }

    // Of different events under one id the first to arrive counts: there the order is part of the case.
    private static bool HasConflictingIds(ContractCase item) => item.Events
        .Where(static recorded => !recorded.Id.IsNull)
        .GroupBy(static recorded => (recorded.Key, recorded.Id))
        .Any(static group => group.Select(static recorded =>
            (recorded.Event, recorded.Created, string.Join('|', recorded.Values.OrderBy(static value => value.Key, StringComparer.Ordinal)))).Distinct().Count() > 1);

    private static async Task<IEnumerable<string>> CheckAsync(
        IOnlineStore store, ContractCase item, ContractRead read, IReadOnlyList<ContractEvent[]> batches, string mode, bool mayBeUnavailable)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var plan = ContractViews.Plan(item, $"c{Environment.ProcessId}_{Interlocked.Increment(ref s_projects)}");
        var view = plan.Views[0];
        var writer = new ContractWriter(store, view.Field);
        foreach (var batch in batches)
        {
            await writer.WriteAsync(batch, cancellation);
        }

        await writer.CompleteAsync(cancellation);
        return await CheckReadAsync(store, plan, read, mode, mayBeUnavailable);
    }

    private static async Task<ViewPayload> ReadAsync(IOnlineStore store, ViewPlan view, ContractRead read, CancellationToken cancellationToken)
    {
        if (read.Key.IsNull)
        {
            return ViewPayload.NullKey;
        }

        var coverage = await store.ReadCoverageAsync(view.Field, cancellationToken);
        var id = new EntityId(view.View.Project, view.View.Entity.Name, EntityKeyCodec.Encode(view.View.Entity, [read.Key]));
        var request = new OnlineRead(id, [view.Field]);
        await store.ReadAsync([request], cancellationToken);
        return request.State == OnlineReadState.Answered && coverage is not null
            ? new ViewPayload(ViewPayloadState.Answered, request.Payloads[0] ?? default, coverage.From)
            : ViewPayload.Unavailable;
    }
}
