namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Deleted entities: their history until then is in no training set and in no materialization, though the table still has it.</summary>
public sealed class ErasureTests : IDisposable
{
    // Of each key one row at 10 and one at 30.
    private const string Facts = """
        SELECT k, chr(96 + k::INTEGER) AS t, make_timestamptz(m) AS happened, (k * 100 + m)::DOUBLE AS v, k * 1000 + m AS id
        FROM (SELECT unnest([1, 2, 3])::BIGINT AS k), (SELECT unnest([10, 30])::BIGINT AS m)
        """;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task BuildTrainingSetAsync_DeletedEntities_HaveOnlyWhatCameLater()
    {
        Write();
        var list = new ErasureList(_folder.Options.DataDirectory);
        list.Add(new EntityId("default", "one", "i2"), 10);
        list.Add(new EntityId("default", "pair", "i2|sb"), 10);
        list.Add(new EntityId("default", "one", "i3"), 30);
        list.Add(new EntityId("other", "one", "i1"), 30);
        var spine = _folder.WriteParquet(
            "spine.parquet", "SELECT k, chr(96 + k::INTEGER) AS t, make_timestamptz(m) AS q FROM (SELECT unnest([1, 2, 3])::BIGINT AS k), (SELECT unnest([20, 40])::BIGINT AS m) ORDER BY k, m");

        var set = await _folder.Store.BuildTrainingSetAsync(Request(spine), null, Token);

        var frame = await _folder.Store.LoadAsync(set.Path, ["v", "pair_v", "count"], null, Token);
        Assert.Equal<double[]>([110, 130, double.NaN, 230, double.NaN, double.NaN], frame.Get<double>("v"));
        Assert.Equal<double[]>([110, 130, double.NaN, 230, 310, 330], frame.Get<double>("pair_v"));
        Assert.Equal<long[]>([1, 2, 0, 1, 0, 0], frame.Get<long>("count"));
    }

    [Fact]
    public async Task ReadHistory_DeletedEntities_AreNotMaterialized()
    {
        Write();
        var list = new ErasureList(_folder.Options.DataDirectory);
        list.Add(new EntityId("default", "one", "i2"), 10);
        list.Add(new EntityId("default", "one", "i3"), 30);
        var plan = Plan();
        var range = new MaterializationRange(long.MinValue, 100, long.MinValue);
        var (rows, events) = (new List<string>(), new List<string>());

        await foreach (var batch in _folder.Store.ReadRowsAsync(plan.Views[0].Field, range, Token))
        {
            rows.AddRange(batch.Items.Select(static write => write.Entity.Key));
        }

        await foreach (var batch in _folder.Store.ReadEventsAsync(plan.Views[2].Field, range, Token))
        {
            events.AddRange(batch.Items.Select(write => $"{write.Entity.Key}: {(write.Block.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(plan.Views[2].Field)}"));
        }

        Assert.Equal(["i1", "i2"], rows.Order());
        Assert.Equal(["i1: 2", "i2: 1"], events.Order());
    }

    private void Write()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Options.DataDirectory, "offline", "default", "facts")).FullName;
        File.Move(_folder.WriteParquet("facts.parquet", Facts), Path.Combine(folder, "part-0.parquet"));
    }

    private static FeatureServicePlan Plan()
    {
        var one = TestDefinitions.Entity("one", ("k", FeatureType.Int64));
        var pair = TestDefinitions.Entity("pair", ("k", FeatureType.Int64), ("t", FeatureType.String));
        var source = new ViewSource { Table = "facts", EventTimeColumn = "happened", KeyColumns = ["k"] };
        return new FeatureServicePlan(
            TestDefinitions.Service(
                "erased",
                [],
                new LastValueView { Project = "default", Name = "facts", Entity = one, Source = source, Features = [new LastValueFeature(TestDefinitions.Field("v", FeatureType.Float64), "v")] },
                new LastValueView { Project = "default", Name = "pairs", Entity = pair, Source = source with { KeyColumns = ["k", "t"] }, Features = [new LastValueFeature(TestDefinitions.Field("pair_v", FeatureType.Float64), "v")] },
                new WindowedView
                {
                    Project = "default",
                    Name = "uses",
                    Entity = one,
                    Source = source with { EventIdColumn = "id" },
                    Features = [TestDefinitions.Window("count", AggregateFunction.Count, null, TimeSpan.FromMicroseconds(50))],
                }),
            static _ => true);
    }

    private TrainingSetRequest Request(string spine) => new()
    {
        Plan = Plan(),
        Spine = spine,
        TimeColumn = "q",
        KeyColumns = new Dictionary<string, string> { ["k"] = "k", ["t"] = "t" },
        RequestColumns = new Dictionary<string, string>(),
        PassThrough = [],
        OutputPath = _folder.PathOf("set.parquet"),
    };
}
