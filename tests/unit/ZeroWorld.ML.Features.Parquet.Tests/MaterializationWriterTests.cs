namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Who is at it: shards, writers that stand still, and tables that are not there.</summary>
public sealed class MaterializationWriterTests : MaterializationCase
{
    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    public async Task RunAsync_Shards_TogetherGiveWhatOneRunGives(int shards)
    {
        await ImportAsync("a", 0, 400);
        var (one, many) = (new InMemoryOnlineStore(), new InMemoryOnlineStore());
        await RunAsync(one);

        for (var shard = 0; shard < shards; shard++)
        {
            Assert.DoesNotContain(many.Coverages.Values, static coverage => coverage.IsReadable);
            await RunAsync(many, shard: shard, shards: shards, fields: Exact);
        }

        var field = Exact[0].Name;
        Assert.Equal(one.Coverages[field], many.Coverages[field]);
        Assert.Equal(Texts(one).Where(item => item.Key.Contains(field, StringComparison.Ordinal)), Texts(many));
    }

    [Fact]
    public async Task RunAsync_WriterThatWakesUpAfterTheTableWasReplaced_WritesNothingMore()
    {
        await ImportAsync("a", 0, 400);
        var (online, asleep, wake) = (new InMemoryOnlineStore(), new TaskCompletionSource(), new TaskCompletionSource());
        online.OnWrite = write => Sleep(write, asleep, wake);
        var zombie = new Materializer(Folder.Store, online, TimeProvider.System);
        var lease = TimeSpan.FromMilliseconds(500);
        var sleeping = Task.Run(() => zombie.RunAsync(new MaterializationRequest { Fields = Last, Lease = lease }, Token), Token);
        await (await Task.WhenAny(asleep.Task, sleeping)).WaitAsync(Token);

        await ImportAsync("new", 1000, 30);
        await new Materializer(Folder.Store, online, TimeProvider.System).RunAsync(new MaterializationRequest { Fields = Last, Lease = lease }, Token);
        var after = Texts(online);
        wake.SetResult();
        var failure = await Assert.ThrowsAsync<FeatureException>(() => sleeping);

        Assert.Equal(FeatureError.Superseded, failure.Error);
        Assert.Equal(after, Texts(online));
        var whole = new InMemoryOnlineStore();
        await RunAsync(whole, fields: Last);
        AssertEqual(whole, online);
    }

    [Fact]
    public async Task RunAsync_StoreWhoseClockWasSetBackAfterAKilledRun_SaysSoBeforeItTouchesAnything()
    {
        await ImportAsync("a", 0, 400);
        var online = new InMemoryOnlineStore { Skew = TimeSpan.FromHours(3), OnLedgerChange = static change => _ = change < 3 ? 0 : throw new InvalidOperationException("Killed.") };
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(online, fields: Exact));
        (online.Skew, online.OnLedgerChange) = (TimeSpan.Zero, static _ => { });
        var before = Texts(online);

        await ImportAsync("b", 0, 400);
        var failure = await Assert.ThrowsAsync<FeatureException>(() => RunAsync(online, fields: Exact));

        Assert.Equal(FeatureError.StoreUnavailable, failure.Error);
        Assert.Contains("the clock was set back since", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, Texts(online));
        online.Skew = TimeSpan.FromHours(4);
        await RunAsync(online, fields: Exact);
        var whole = new InMemoryOnlineStore();
        await RunAsync(whole, fields: Exact);
        AssertEqual(whole, online);
    }

    // The first stood still: its connection may have broken off too.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_SecondWriterOfTheSamePartitions_TakesTheTurnOfTheFirstWhichSaysWhoAndWhen(bool isCutOff)
    {
        await ImportAsync("a", 0, 400);
        var (online, asleep, wake) = (new InMemoryOnlineStore(), new TaskCompletionSource(), new TaskCompletionSource());
        online.OnWrite = async write =>
        {
            await Sleep(write, asleep, wake);
            if (write == 2 && isCutOff)
            {
                throw new FeatureException(FeatureError.StoreUnavailable, "The connection broke off.");
            }
        };
        var first = new Materializer(Folder.Store, online, TimeProvider.System);
        var sleeping = Task.Run(() => first.RunAsync(Last, null, Token), Token);
        await (await Task.WhenAny(asleep.Task, sleeping)).WaitAsync(Token);

        await new Materializer(Folder.Store, online, TimeProvider.System).RunAsync(new MaterializationRequest { Fields = Last, Writer = "node-2, process 77" }, Token);
        var after = Texts(online);
        wake.SetResult();

        var failure = await Assert.ThrowsAsync<FeatureException>(() => sleeping);
        Assert.Equal(FeatureError.Superseded, failure.Error);
        Assert.Matches("^Another materialization .node-2, process 77; number 2. took the place of this one .number 1. at 20[0-9-]+T[0-9:.]+Z", failure.Message);
        Assert.Equal(after, Texts(online));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, 1)]
    [InlineData(0, 65)]
    public async Task RunAsync_NoShard_IsRefused(int shard, int shards) =>
        Assert.Contains("expected 0 to n - 1", (await Assert.ThrowsAsync<FeatureException>(() => RunAsync(new InMemoryOnlineStore(), shard: shard, shards: shards))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "")]
    [InlineData(2, " These views were brought online: exact, last.")]
    [InlineData(3, " These views were brought online: exact, last, tiles.")]
    public async Task RunAsync_TableThatWasNeverImported_KeepsBackItsViewsAloneAndNamesThem(int others, string expected)
    {
        await ImportAsync("a", 0, 40);
        var seen = DefinitionLoader.Load([new DefinitionFile("b.yaml", """
            version: 1
            entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
            feature_views: [ { name: seen, entity: card, source: { table: visits, event_time: AT, keys: { card_id: CARD } }, features: [ { name: place, type: string } ] } ]
            """)]).Views.Single();
        var missing = StorageField.Of(seen, hasIntegerEventId: false);
        StorageField[] fields = [missing, .. Fields[..others], missing];
        var online = new InMemoryOnlineStore();

        var failure = await Assert.ThrowsAsync<FeatureException>(() => RunAsync(online, fields: fields));

        Assert.Equal(FeatureError.NotFound, failure.Error);
        var once = "View 'seen' cannot be brought online: There is no table 'visits' in project 'default'. Tables: uses. Import one first.";
        Assert.Equal($"{once} {once}{expected}", failure.Message);
        Assert.Equal(Fields[..others].Select(static field => field.Name).Order(StringComparer.Ordinal), online.Coverages.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Holds up the second write, which is the first writer's: no other one has begun by then.</summary>
    private static Task Sleep(int write, TaskCompletionSource asleep, TaskCompletionSource wake)
    {
        if (write != 2)
        {
            return Task.CompletedTask;
        }

        asleep.SetResult();
        return wake.Task;
    }
}
