using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What was brought already, who is at it, and what becomes of a run that was stopped.</summary>
public sealed class MaterializationTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2018, 4, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DefinitionSet Definitions = DefinitionLoader.Load([new DefinitionFile("a.yaml", """
        version: 1
        entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
        feature_views:
          - { name: last, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, keys: { card_id: CARD } }, features: [ { name: last_amount, type: float64, column: AMOUNT } ] }
          - { name: exact, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, event_id: ID, keys: { card_id: CARD } }, window: { history: 40d }, features: [ { name: sum_1d, aggregate: sum, of: AMOUNT, window: 1d } ] }
          - { name: tiles, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, event_id: ID, keys: { card_id: CARD } }, window: { precision: hop, history: 1d }, features: [ { name: sum_30d, aggregate: sum, of: AMOUNT, window: 30d } ] }
        feature_services: [ { name: all, features: [ tiles.* ] } ]
        """)]);

    private static readonly StorageField[] Fields = [.. Definitions.Views.Select(static view => StorageField.Of(view, hasIntegerEventId: true))];

    private static readonly StorageField[] Exact = Fields[..1];
    private static readonly StorageField[] Last = Fields[1..2];

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunAsync_KilledAtEachBoundary_GoesOnToTheSameStore()
    {
        await ImportAsync("a", 0, 400);
        var calm = new InMemoryOnlineStore();
        await RunAsync(calm);
        var stops = 0;
        for (var stop = 0; ; stop += stop < 4 ? 1 : 13)
        {
            var online = new InMemoryOnlineStore();
            online.OnLedgerChange = change =>
            {
                if (change == stop)
                {
                    throw new InvalidOperationException("Killed.");
                }
            };
            var failure = await Record.ExceptionAsync(() => RunAsync(online));
            if (failure is null)
            {
                break;
            }

            Assert.Equal("Killed.", failure.Message);

            // Neither the engine of the view that failed, nor that of the next one, which starts while the last of a view is written.
            Assert.Empty(_folder.Leftovers());
            online.OnLedgerChange = static _ => { };
            var done = DoneIn(online);
            var again = await RunAsync(online);

            AssertEqual(calm, online);
            Assert.All(online.Coverages.Values, static coverage => Assert.True(coverage.IsReadable));
            Assert.True(done == 0 || again.Rows < 1200, $"{again.Rows} rows after {done} partitions were done");
            stops++;
        }

        Assert.Empty(_folder.Leftovers());
        Assert.InRange(stops, 10, 100);
    }

    [Fact]
    public async Task RunAsync_AppendedFile_BringsOnlyItsRowsAndFeaturesStayReadable()
    {
        await ImportAsync("a", 0, 400);
        var online = new InMemoryOnlineStore();
        await RunAsync(online, lateness: TimeSpan.Zero);
        var before = online.Coverages[Fields[1].Name];
        Assert.Equal(0, (await RunAsync(online, lateness: TimeSpan.Zero)).Rows);

        // A late event behind all that is there is among them.
        await ImportAsync("b", 400, 20, isAppended: true, extra: "9000,1,2018-04-02T00:00:00Z,2018-04-02T00:00:00Z,77\n");
        var readable = true;
        online.OnLedgerChange = _ => readable &= online.Coverages.Values.All(static coverage => coverage.IsReadable);
        var result = await RunAsync(online, lateness: TimeSpan.Zero);

        Assert.True(readable);
        Assert.Equal(21, result.Views[0].Rows);
        Assert.InRange(result.Views[1].Rows, 1, 21);
        Assert.True(result.Views[2].Entities <= 21);
        Assert.Equal(before.Generation, online.Coverages[Fields[1].Name].Generation);
        Assert.True(online.Coverages[Fields[1].Name].To > before.To);
        var whole = new InMemoryOnlineStore();
        await RunAsync(whole);
        var q = UnixMicroseconds.FromDateTimeOffset(Start.AddMinutes(430 * 97));
        Assert.Contains(Enumerable.Range(0, 150), card => !SumOf(whole, card, q).Value.Equals(FeatureValue.FromFloat64(0)));
        Assert.All(Enumerable.Range(0, 150), card => Assert.Equal(SumOf(whole, card, q), SumOf(online, card, q)));
        RemoveTiles(whole);
        RemoveTiles(online);
        AssertEqual(whole, online);
        Assert.Equal(0, (await RunAsync(online)).Rows);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_ServerLostAPartitionThatTheLedgerHas_BringsItAgainAndIsUnreadableUntilThen(bool hasOlderMark)
    {
        await ImportAsync("a", 0, 400);
        var (calm, online) = (new InMemoryOnlineStore(), new InMemoryOnlineStore());
        await RunAsync(calm, fields: Exact);
        await RunAsync(online, fields: Exact);
        var mark = (Exact[0].Name, Partition: 7);
        var lost = online.Bytes.Keys.Where(key => PartitionOf(key.Entity) == mark.Partition).ToList();
        Assert.NotEmpty(lost);
        lost.ForEach(key => online.Bytes.Remove(key));
        online.Marks[mark]--;
        if (!hasOlderMark)
        {
            online.Marks.Remove(mark);
        }

        var readable = new List<bool>();
        online.OnLedgerChange = _ => readable.Add(online.Coverages[Exact[0].Name].IsReadable);
        var result = await RunAsync(online, fields: Exact);

        Assert.Equal(lost.Count, result.Views[0].Entities);
        AssertEqual(calm, online);
        Assert.Equal(calm.Coverages[Exact[0].Name], online.Coverages[Exact[0].Name]);

        // Readable until it is known, and when the writer leaves.
        Assert.Equal([true, .. Enumerable.Repeat(false, readable.Count - 2), true], readable);
        Assert.Equal(0, (await RunAsync(online, fields: Exact)).Rows);
    }

    [Fact]
    public async Task RunAsync_ServerStartedAgainMeanwhile_EndsWithASentenceAndTheNextRunBringsTheRest()
    {
        await ImportAsync("a", 0, 400);
        var (calm, online) = (new InMemoryOnlineStore(), new InMemoryOnlineStore());
        await RunAsync(calm, fields: Exact);
        online.OnLedgerChange = change => online.Run = change < 5 ? online.Run : "second";

        var failure = await Assert.ThrowsAsync<FeatureException>(() => RunAsync(online, fields: Exact));
        var done = DoneIn(online);
        var readable = online.Coverages.Values.Count(static coverage => coverage.IsReadable);
        online.OnLedgerChange = static _ => { };
        await RunAsync(online, fields: Exact);

        Assert.Equal(FeatureError.StoreUnavailable, failure.Error);
        Assert.Contains("was started again", failure.Message, StringComparison.Ordinal);
        Assert.InRange(done, 1, MaterializationLedger.PartitionCount - 1);
        Assert.Equal(0, readable);
        AssertEqual(calm, online);
    }

    [Fact]
    public async Task RunAsync_FileThatComesLateUnderAnOlderTime_IsBroughtByTheLatenessWindow()
    {
        await ImportAsync("a", 0, 100);
        await ImportAsync("b", 100, 50, isAppended: true);
        var online = new InMemoryOnlineStore();
        var folder = Path.Combine(_folder.Options.DataDirectory, "offline", "default", "uses");
        var late = Directory.GetFiles(folder, "part-*-*.parquet").Single();
        var hidden = Path.Combine(_folder.Root, "hidden");
        File.Move(late, hidden);
        await ImportAsync("c", 150, 50, isAppended: true);
        await RunAsync(online);

        File.Move(hidden, late);
        await RunAsync(online);

        var whole = new InMemoryOnlineStore();
        await RunAsync(whole);
        AssertEqual(whole, online);
    }

    // Appended on a machine whose clock is ahead or behind, or was set back meanwhile.
    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, -5)]
    [InlineData(5, 0)]
    [InlineData(5, -5)]
    public async Task RunAsync_ClocksThatAreHoursApart_LeaveNoFileOut(int firstHours, int secondHours)
    {
        await ImportAsync("a", 0, 100);
        var online = new InMemoryOnlineStore();
        await RunAsync(online);
        await AppendAsync("b", 100, TimeSpan.FromHours(firstHours));
        await RunAsync(online);
        await AppendAsync("c", 150, TimeSpan.FromHours(secondHours));
        await RunAsync(online);

        var whole = new InMemoryOnlineStore();
        await RunAsync(whole);
        AssertEqual(whole, online);
        Assert.Equal(0, (await RunAsync(online)).Rows);

        async Task AppendAsync(string name, int first, TimeSpan skew)
        {
            var folder = Path.Combine(_folder.Options.DataDirectory, "offline", "default", "uses");
            var before = Directory.GetFiles(folder, "*.parquet");
            await ImportAsync(name, first, 50, isAppended: true);
            var added = Directory.GetFiles(folder, "*.parquet").Except(before).Single();
            File.Move(added, Path.Combine(folder, TableFolder.NameOf(TableFolder.PartPrefix, TimeProvider.System.GetUtcNow() + skew, name)));
        }
    }

    // A view whose window is longer than that of the last run, with exact events and with tiles, brought from a table or kept by its stream.
    [Theory]
    [InlineData("exact", false)]
    [InlineData("exact", true)]
    [InlineData("hop", false)]
    [InlineData("hop", true)]
    public async Task RunAsync_WindowThatIsLongerNow_BringsTheEventsThatWereLeftOut(string precision, bool isTrimmedByAStream)
    {
        await ImportAsync("a", 0, 400);
        StorageField[] shorter = [FieldOf(precision, "13d")], longer = [FieldOf(precision, "13d", "20d")];
        Assert.Equal(shorter[0].Name, longer[0].Name);
        var online = new InMemoryOnlineStore();
        await RunAsync(online, fields: shorter);
        if (isTrimmedByAStream)
        {
            var builder = new WindowBlockBuilder(shorter[0]);
            var last = UnixMicroseconds.FromDateTimeOffset(Start.AddMinutes(400 * 97));
            foreach (var (_, card) in online.Bytes.Keys.ToList())
            {
                builder.Clear();
                await online.AppendEventsAsync(shorter[0], [new WindowAppend(card, builder.Build()) { Trim = last - UnixMicroseconds.FromTimeSpan(TimeSpan.FromDays(3)) }], long.MinValue, Token);
            }
        }

        await RunAsync(online, fields: longer);

        var whole = new InMemoryOnlineStore();
        await RunAsync(whole, fields: longer);
        AssertEqual(whole, online);
        Assert.Equal(whole.Coverages[longer[0].Name].From, online.Coverages[longer[0].Name].From);
        Assert.Equal(0, (await RunAsync(online, fields: longer)).Rows);

        // And back: nothing is brought, what is there will do.
        Assert.Equal(0, (await RunAsync(online, fields: shorter)).Rows);
    }

    // A build of before that takes a turn leaves out what it does not know of the ledger; a later one may have put in what this one does not know.
    [Fact]
    public async Task RunAsync_LedgerThatAnOtherBuildWrote_GoesOnAndLeavesNothingOut()
    {
        await ImportAsync("a", 0, 400);
        StorageField[] shorter = [FieldOf("exact", "13d")], longer = [FieldOf("exact", "13d", "20d")];
        var online = new InMemoryOnlineStore();
        await RunAsync(online, fields: shorter);
        Rewrite(online.Ledgers, static partition =>
        {
            partition.Remove("behind");
            partition.Remove("retention");
            partition["of_a_later_build"] = 1;
        });
        Assert.Equal(0, (await RunAsync(online, fields: shorter)).Rows);
        await RunAsync(online, fields: longer);
        Rewrite(online.Ledgers, static partition => partition.Remove("behind"));

        await ImportAsync("b", 400, 50, isAppended: true);
        await RunAsync(online, fields: longer);

        var whole = new InMemoryOnlineStore();
        await RunAsync(whole, fields: longer);

        // Of a card without an event in the window the block stays that was there.
        var texts = Texts(online);
        Assert.All(Texts(whole), item => Assert.Equal(item.Value, texts[item.Key]));
        Assert.Equal(whole.Coverages[longer[0].Name], online.Coverages[longer[0].Name]);

        static void Rewrite(Dictionary<string, string> ledgers, Action<JsonObject> change)
        {
            foreach (var (field, text) in ledgers.ToList())
            {
                var ledger = JsonNode.Parse(text)!;
                foreach (var (_, partition) in ledger["partitions"]!.AsObject())
                {
                    change(partition!.AsObject());
                }

                ledgers[field] = ledger.ToJsonString();
            }
        }
    }

    [Fact]
    public async Task RunAsync_SinceAMomentBehindTheCursor_LeavesNothingOut()
    {
        await ImportAsync("a", 0, 100);
        var online = new InMemoryOnlineStore();
        await RunAsync(online);
        await ImportAsync("b", 100, 50, isAppended: true);
        await new Materializer(_folder.Store, online, TimeProvider.System).RunAsync(
            new MaterializationRequest { Fields = Fields, Since = UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddHours(1)) }, Token);

        var whole = new InMemoryOnlineStore();
        await RunAsync(whole);
        AssertEqual(whole, online);
    }

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
        var zombie = new Materializer(_folder.Store, new SleepingStore(online, asleep, wake.Task), TimeProvider.System);
        var lease = TimeSpan.FromMilliseconds(500);
        var sleeping = Task.Run(() => zombie.RunAsync(new MaterializationRequest { Fields = Last, Lease = lease }, Token), Token);
        await (await Task.WhenAny(asleep.Task, sleeping)).WaitAsync(Token);

        await ImportAsync("new", 1000, 30);
        await new Materializer(_folder.Store, online, TimeProvider.System).RunAsync(new MaterializationRequest { Fields = Last, Lease = lease }, Token);
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
        var first = new Materializer(_folder.Store, new SleepingStore(online, asleep, wake.Task, isCutOff), TimeProvider.System);
        var sleeping = Task.Run(() => first.RunAsync(Last, null, Token), Token);
        await (await Task.WhenAny(asleep.Task, sleeping)).WaitAsync(Token);

        await new Materializer(_folder.Store, online, TimeProvider.System).RunAsync(new MaterializationRequest { Fields = Last, Writer = "node-2, process 77" }, Token);
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

    private static StorageField FieldOf(string precision, params string[] windows)
    {
        var features = string.Join(", ", windows.Select(static window => $"{{ name: sum_{window}, aggregate: sum, of: AMOUNT, window: {window} }}"));
        var text = $$"""
            version: 1
            entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
            feature_views: [ { name: sums, entity: card, source: { table: uses, event_time: AT, created_time: KNOWN, event_id: ID, keys: { card_id: CARD } }, window: { precision: {{precision}}, history: 1h }, features: [ {{features}} ] } ]
            """;
        return StorageField.Of(DefinitionLoader.Load([new DefinitionFile("a.yaml", text)]).Views.Single(), hasIntegerEventId: true);
    }

    private Task<Materialization> RunAsync(InMemoryOnlineStore online, int shard = 0, int shards = 1, TimeSpan? lateness = null, StorageField[]? fields = null) =>
        new Materializer(_folder.Store, online, TimeProvider.System).RunAsync(
            new MaterializationRequest { Fields = fields ?? Fields, EntitiesPerMark = 0, Shard = shard, Shards = shards, Lateness = lateness ?? TimeSpan.FromMinutes(10) }, Token);

    private async Task ImportAsync(string name, int first, int count, bool isAppended = false, string extra = "")
    {
        var random = new Random(first);
        var text = new StringBuilder("ID,CARD,AT,KNOWN,AMOUNT\n");
        for (var id = first; id < first + count; id++)
        {
            var time = Start.AddMinutes(id * 97);
            text.Append(CultureInfo.InvariantCulture, $"{id},{random.Next(150)},{time:yyyy-MM-dd'T'HH:mm:ss}Z,{time.AddSeconds(random.Next(3)):yyyy-MM-dd'T'HH:mm:ss}Z,{random.Next(1, 400) / 4.0}\n");
        }

        await _folder.Store.ImportAsync(
            new TableImport(
                "default", "uses", _folder.WriteText($"{name}.csv", text.Append(extra).ToString()),
                [new("ID", FeatureType.Int64), new("CARD", FeatureType.Int64), new("AT", FeatureType.Timestamp), new("KNOWN", FeatureType.Timestamp), new("AMOUNT", FeatureType.Float64)],
                null) { IsAppended = isAppended },
            Token);
    }

    /// <summary>Tiles of entities that a run leaves alone stay as they were, trimmed by an older newest event: they are compared by what they say.</summary>
    private static FeatureCell SumOf(InMemoryOnlineStore online, int card, long q)
    {
        var plan = new FeatureServicePlan(Definitions.GetService("all"), static _ => true);
        var cells = new FeatureCell[1];
        var bytes = online.Bytes.GetValueOrDefault((Fields[2].Name, new EntityId("default", "card", $"i{card}")));
        plan.BuildRow(q, [], [new ViewPayload(ViewPayloadState.Answered, bytes, online.Coverages[Fields[2].Name].From)], cells);
        return cells[0];
    }

    private static void RemoveTiles(InMemoryOnlineStore online)
    {
        foreach (var key in online.Bytes.Keys.Where(static key => key.Field == Fields[2].Name).ToList())
        {
            online.Bytes.Remove(key);
        }
    }

    private static int PartitionOf(EntityId card)
    {
        // Of the key as text, without the letter of its type.
        var (digest, partitions) = (new EntityPartition(), new byte[1]);
        digest.Add(0, Encoding.UTF8.GetBytes(card.Key[1..]), partitions);
        digest.Complete(partitions);
        return partitions[0];
    }

    private static int DoneIn(InMemoryOnlineStore online) => online.Ledgers.Values.Sum(static text => MaterializationLedger.Parse(text).Partitions.Count);

    // Of tiles without the moment until which what arrived was in their history: it is of the run that made them.
    private static SortedDictionary<string, string> Texts(InMemoryOnlineStore online) => new(
        online.Bytes.ToDictionary(
            static item => $"{item.Key.Field} {item.Key.Entity.Key}",
            static item => Convert.ToHexString(item.Key.Field == Fields[2].Name ? [.. item.Value[..24], .. item.Value[32..]] : item.Value)),
        StringComparer.Ordinal);

    private static void AssertEqual(InMemoryOnlineStore expected, InMemoryOnlineStore actual) => Assert.Equal(Texts(expected), Texts(actual));

    /// <summary>The store as a process sees it that is held up before its second write.</summary>
    private sealed class SleepingStore(InMemoryOnlineStore store, TaskCompletionSource asleep, Task wake, bool isCutOff = false) : IMaterializationLedger
    {
        private int _writes;

        public async Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken)
        {
            if (++_writes == 2)
            {
                asleep.SetResult();
                await wake;
                if (isCutOff)
                {
                    throw new FeatureException(FeatureError.StoreUnavailable, "The connection broke off.");
                }
            }

            await store.WriteRowsAsync(field, rows, validUntil, cancellationToken);
        }

        public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken) =>
            store.AppendEventsAsync(field, appends, trim, wholeUntil, validUntil, cancellationToken);

        public Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken) => store.ReadLedgerAsync(field, cancellationToken);

        public Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken) =>
            store.TryReplaceLedgerAsync(field, expected, replacement, cancellationToken);

        public Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken) => store.ReadServersAsync(field, cancellationToken);

        public Task<bool> TryMarkAsync(
            StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken) =>
            store.TryMarkAsync(field, servers, partitions, mark, validUntil, cancellationToken);

        public Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken) =>
            store.ReadMarksAsync(field, places, cancellationToken);

        public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => store.ReadAsync(reads, cancellationToken);

        public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) => store.WriteRowsAsync(field, rows, cancellationToken);

        public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
            store.AppendEventsAsync(field, appends, trim, cancellationToken);

        public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
            store.DeleteEntityAsync(entity, fields, until, cancellationToken);

        public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => store.ClearAsync(field, keepArrivedAfter, cancellationToken);

        public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => store.ReadCoverageAsync(field, cancellationToken);

        public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => store.WriteCoverageAsync(field, coverage, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
