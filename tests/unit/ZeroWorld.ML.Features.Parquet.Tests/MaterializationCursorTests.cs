using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What was brought already, and what is new.</summary>
public sealed class MaterializationCursorTests : MaterializationCase
{
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

    [Fact]
    public async Task RunAsync_FileThatComesLateUnderAnOlderTime_IsBroughtByTheLatenessWindow()
    {
        await ImportAsync("a", 0, 100);
        await ImportAsync("b", 100, 50, isAppended: true);
        var online = new InMemoryOnlineStore();
        var folder = Path.Combine(Folder.Options.DataDirectory, "offline", "default", "uses");
        var late = Directory.GetFiles(folder, "part-*-*.parquet").Single();
        var hidden = Path.Combine(Folder.Root, "hidden");
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
            var folder = Path.Combine(Folder.Options.DataDirectory, "offline", "default", "uses");
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
        await new Materializer(Folder.Store, online, TimeProvider.System).RunAsync(
            new MaterializationRequest { Fields = Fields, Since = UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddHours(1)) }, Token);

        var whole = new InMemoryOnlineStore();
        await RunAsync(whole);
        AssertEqual(whole, online);
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
}
