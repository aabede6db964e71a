using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

public sealed class EventPushTests
{
    private const long Second = 1_000_000;
    private static readonly DateTimeOffset Arrival = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly long Now = UnixMicroseconds.FromDateTimeOffset(Arrival);
    private static readonly DefinitionSet Definitions = DefinitionLoader.Load([new DefinitionFile("a.yaml", """
        version: 1
        entities:
          - { name: card, keys: [ { name: card_id, type: int64 } ] }
        feature_views:
          - name: limits
            entity: card
            source: { table: cards, event_time: AT, created_time: KNOWN, keys: { card_id: ID } }
            features: [ { name: country, type: string, column: COUNTRY } ]
          - name: uses
            entity: card
            source: { table: cards, event_time: AT, event_id: USE, keys: { card_id: ID } }
            window: { history: 1d }
            features: [ { name: uses_1d, aggregate: count, window: 1d }, { name: spent_1d, aggregate: sum, of: SPENT, window: 1d } ]
        """)]);

    private static readonly StorageField[] Fields =
        [StorageField.Of(Definitions.GetView("limits"), hasIntegerEventId: false), StorageField.Of(Definitions.GetView("uses"), hasIntegerEventId: true)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PushAsync_Events_ReachEveryViewOfTheTable()
    {
        var store = new RecordingStore();

        var result = await PushAsync(store, Columns(ids: [7, 7, 8], uses: [1, 2, 1], times: [Now - Second, Now, Now], known: [Now - Second, null, Now]));

        Assert.Equal((3, 0), (result.Accepted, result.Refused.Count));
        Assert.Equal(["i7", "i7", "i8"], store.Rows.Select(row => row.Entity.Key));
        Assert.True(OnlineRowCodec.TryReadHeader(Fields[0], store.Rows[0].Row.Span, out var eventTime, out var createdTime, out _));
        Assert.Equal((Now - Second, Now - Second), (eventTime, createdTime));
        Assert.Equal(["i7", "i8"], store.Appends.Select(append => append.Entity.Key));
        Assert.Equal(Now - UnixMicroseconds.FromTimeSpan(TimeSpan.FromDays(2)), store.Appends[0].Trim);
        Assert.Equal(2, CountEvents(store.Appends[0]));
    }

    [Fact]
    public async Task PushAsync_EventFromBeforeTheDeletionOfItsEntity_IsRefusedAlone()
    {
        using var folder = new TemporaryFolder();
        var erasures = new ErasureList(folder.Path);
        erasures.Add(new EntityId("default", "card", "i7"), Now - Second);
        var store = new RecordingStore();

        var result = await new EventPush(store, new FakeTimeProvider(Arrival), erasures).PushAsync(
            Fields, Columns(ids: [7, 7, 8], uses: [1, 2, 1], times: [Now - Second, Now, Now - Second], known: [null, null, null]), Cancellation);

        Assert.Equal(2, result.Accepted);
        Assert.Equal(0, Assert.Single(result.Refused).Row);
        Assert.Contains("card was deleted", result.Refused[0].Reason, StringComparison.Ordinal);
        Assert.Equal(["i7", "i8"], store.Rows.Select(static row => row.Entity.Key));
    }

    [Fact]
    public async Task PushAsync_TextThatIsTooLongForAWindow_IsRefusedAlone()
    {
        var view = TestViews.Windowed(TestViews.Aggregate("shop", AggregateFunction.Last, "SHOP", 100) with { ColumnType = FeatureType.String });
        EventColumn[] columns =
        [
            new("t", FeatureType.Timestamp, [FeatureValue.FromTimestamp(Now), FeatureValue.FromTimestamp(Now)]),
            new("thing_id", FeatureType.Int64, [FeatureValue.FromInt64(1), FeatureValue.FromInt64(1)]),
            new("SHOP", FeatureType.String, [FeatureValue.FromString(new string('x', 40)), FeatureValue.FromString("corner")]),
        ];
        var store = new RecordingStore();

        var result = await new EventPush(store, new FakeTimeProvider(Arrival)).PushAsync([StorageField.Of(view, hasIntegerEventId: true)], columns, Cancellation);

        Assert.Equal(1, result.Accepted);
        Assert.Contains("SHOP is 'xxx", result.Refused.Single().Reason, StringComparison.Ordinal);
        Assert.Contains("at most 39 bytes", result.Refused.Single().Reason, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<FeatureException>(() => new EventPush(store, new FakeTimeProvider(Arrival)).PushAsync(
            [StorageField.Of(view, hasIntegerEventId: true)], [columns[0], columns[1], new("SHOP", FeatureType.Int64, columns[1].Values)], Cancellation));
        Assert.Contains("expected string", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PushAsync_RowsThatAFilterLeavesOut_AreNoRowsToItsView()
    {
        var definitions = DefinitionLoader.Load([new DefinitionFile("a.yaml", """
            version: 1
            entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
            feature_views:
              - { name: all, entity: card, source: { table: cards, event_time: AT, keys: { card_id: ID } }, features: [ { name: spent, type: float64, column: SPENT } ] }
              - { name: some, entity: card, source: { table: cards, event_time: AT, event_id: USE, keys: { card_id: ID }, where: COUNTRY = 'CH' and USE < 3, columns: [ { name: COUNTRY, type: string }, { name: USE, type: int64 } ] }, window: {}, features: [ { name: n, aggregate: count, window: 1d } ] }
            """)]);
        StorageField[] fields = [StorageField.Of(definitions.GetView("all"), hasIntegerEventId: false), StorageField.Of(definitions.GetView("some"), hasIntegerEventId: true)];
        var columns = Columns(ids: [7, 7, 8, 9], uses: [1, 3, 2, null], times: [Now, Now, Now, Now], known: [null, null, null, null]);
        var store = new RecordingStore();
        var push = new EventPush(store, new FakeTimeProvider(Arrival));

        var result = await push.PushAsync(fields, columns, Cancellation);
        var without = await Assert.ThrowsAsync<FeatureException>(() => push.PushAsync(fields, [.. columns.Where(static column => column.Name != "COUNTRY")], Cancellation));

        var early = await push.PushAsync(fields, Columns(ids: [7], uses: [3], times: [long.MinValue], known: [null]), Cancellation);

        // The last one has no id, which the view would refuse of a row of its own; a time has every row.
        Assert.Contains("expected a time of the years 1 to 9999", Assert.Single(early.Refused).Reason, StringComparison.Ordinal);
        Assert.Equal((4, 0), (result.Accepted, result.Refused.Count));
        Assert.Equal(["i7", "i7", "i8", "i9"], store.Rows.Select(static row => row.Entity.Key));
        Assert.Equal(["i7", "i8"], store.Appends.Select(static append => append.Entity.Key));
        Assert.All(store.Appends, append => Assert.Equal(WindowBlockCodec.HeaderLength + WindowBlockCodec.RowWidth(fields[1]), append.Block.Length));
        Assert.Contains("Column 'COUNTRY' is missing: the filter of view 'some' reads it", without.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PushAsync_NoCreatedTime_IsTheArrival()
    {
        var store = new RecordingStore();

        await PushAsync(store, [.. Columns(ids: [7], uses: [1], times: [Now - Second], known: [null]).Where(column => column.Name != "KNOWN")]);

        Assert.True(OnlineRowCodec.TryReadHeader(Fields[0], store.Rows[0].Row.Span, out var eventTime, out var createdTime, out _));
        Assert.Equal((Now - Second, Now), (eventTime, createdTime));
    }

    [Fact]
    public async Task PushAsync_RowThatOneViewCannotTake_IsTakenByNone()
    {
        var store = new RecordingStore();

        var result = await PushAsync(store, Columns(ids: [null, 7, 8, 9], uses: [1, null, 1, 2], times: [Now, Now, Now + (301 * Second), Now + (300 * Second)], known: [null, null, null, null]));

        Assert.Equal(
            [(0, "ID is null; expected the key of an entity."), (1, "USE is null; expected the id of the event.")],
            result.Refused.Take(2).Select(refused => (refused.Row, refused.Reason)));
        Assert.Equal(2, result.Refused[2].Row);
        Assert.Contains("later than its arrival", result.Refused[2].Reason, StringComparison.Ordinal);
        Assert.Equal(1, result.Accepted);
        Assert.Equal(["i9"], store.Rows.Select(row => row.Entity.Key));
        Assert.Equal(["i9"], store.Appends.Select(append => append.Entity.Key));
    }

    [Fact]
    public async Task PushAsync_TimesThatNoTableMayHave_AreRefusedAlone()
    {
        var store = new RecordingStore();

        var result = await PushAsync(
            store,
            Columns(
                ids: [7, 8, 9, 10], uses: [1, 1, 1, 2], times: [UnixMicroseconds.TimeMin - 1, long.MinValue, Now, UnixMicroseconds.TimeMin],
                known: [null, null, long.MinValue, UnixMicroseconds.TimeMin]));

        Assert.Equal([0, 1, 2], result.Refused.Select(static refused => refused.Row));
        Assert.Equal("AT is -62135596800000001; expected a time of the years 1 to 9999, in microseconds since the epoch.", result.Refused[0].Reason);
        Assert.Equal("KNOWN is -9223372036854775808; expected a time of the years 1 to 9999, in microseconds since the epoch.", result.Refused[2].Reason);
        Assert.Equal(["i10"], store.Rows.Select(row => row.Entity.Key));
    }

    [Fact]
    public async Task PushAsync_EventWithoutIdAndCreatedTime_PushedAgainLaterIsTheSameEvent()
    {
        var view = TestViews.Windowed(TestViews.Aggregate("sum", AggregateFunction.Sum, "X", 100));
        var field = StorageField.Of(view with { Source = view.Source with { EventIdColumn = null } }, hasIntegerEventId: false);
        EventColumn[] columns =
        [
            new("t", FeatureType.Timestamp, [FeatureValue.FromTimestamp(Now)]), new("thing_id", FeatureType.Int64, [FeatureValue.FromInt64(1)]),
            new("X", FeatureType.Float64, [FeatureValue.FromFloat64(3)]),
        ];
        var store = new RecordingStore();
        var time = new FakeTimeProvider(Arrival);
        var push = new EventPush(store, time);

        await push.PushAsync([field], columns, Cancellation);
        time.Advance(TimeSpan.FromSeconds(1));
        await push.PushAsync([field], columns, Cancellation);

        var merged = WindowBlockMerge.Merge(field, store.Appends[0].Block.Span, store.Appends[1].Block.Span, long.MinValue, 10);
        Assert.Equal(WindowBlockCodec.HeaderLength + WindowBlockCodec.RowWidth(field), merged.Length);
    }

    [Fact]
    public async Task PushAsync_MoreThanMayBeUnderWay_IsRefusedAtOnce()
    {
        var store = new RecordingStore();

        var refused = await Assert.ThrowsAsync<FeatureException>(() => PushAsync(store, [new EventColumn("AT", FeatureType.Timestamp, new FeatureValue[EventPush.EventsInFlightMax + 1])]));

        Assert.Equal(FeatureError.Overloaded, refused.Error);
        Assert.Empty(store.Rows);
    }

    [Fact]
    public async Task PushAsync_WrongColumns_AreNamedAndNothingIsWritten()
    {
        var store = new RecordingStore();
        var good = Columns(ids: [7], uses: [1], times: [Now], known: [Now]);

        await AssertRefusedAsync(store, "Column 'SPENT' is missing: view 'uses' reads it. Given: AT, COUNTRY, ID, KNOWN, USE.", [.. good.Where(column => column.Name != "SPENT")]);
        await AssertRefusedAsync(store, "Column 'ID' is given twice; expected each name once.", [.. good, good[0]]);
        await AssertRefusedAsync(
            store, "Column 'AT' holds int64 values: it is the event time of view 'limits'; expected timestamp.",
            [.. good.Select(column => column.Name == "AT" ? column with { Type = FeatureType.Int64 } : column)]);
        await AssertRefusedAsync(
            store, "Column 'EXTRA' has 0 values and column 'ID' 1; expected one value per event.", [.. good, new EventColumn("EXTRA", FeatureType.Bool, [])]);
        Assert.Empty(store.Rows);
        Assert.Empty(store.Appends);
    }

    private static Task<EventPushResult> PushAsync(RecordingStore store, IReadOnlyList<EventColumn> columns) =>
        new EventPush(store, new FakeTimeProvider(Arrival)).PushAsync(Fields, columns, Cancellation);

    private static async Task AssertRefusedAsync(RecordingStore store, string message, IReadOnlyList<EventColumn> columns)
    {
        var exception = await Assert.ThrowsAsync<FeatureException>(() => PushAsync(store, columns));
        Assert.Equal((FeatureError.InvalidInput, message), (exception.Error, exception.Message));
    }

    private static int CountEvents(WindowAppend append) =>
        (append.Block.Length - WindowBlockCodec.HeaderLength) / WindowBlockCodec.RowWidth(Fields[1]);

    private static EventColumn[] Columns(long?[] ids, long?[] uses, long[] times, long?[] known) =>
    [
        new("ID", FeatureType.Int64, [.. ids.Select(Integer)]),
        new("USE", FeatureType.Int64, [.. uses.Select(Integer)]),
        new("AT", FeatureType.Timestamp, [.. times.Select(FeatureValue.FromTimestamp)]),
        new("KNOWN", FeatureType.Timestamp, [.. known.Select(time => time is { } value ? FeatureValue.FromTimestamp(value) : FeatureValue.Null(FeatureType.Timestamp))]),
        new("COUNTRY", FeatureType.String, [.. ids.Select(_ => FeatureValue.FromString("CH"))]),
        new("SPENT", FeatureType.Float64, [.. ids.Select(_ => FeatureValue.FromFloat64(2.5))]),
    ];

    private static FeatureValue Integer(long? value) => value is { } number ? FeatureValue.FromInt64(number) : FeatureValue.Null(FeatureType.Int64);

    /// <summary>Keeps what was written.</summary>
    private sealed class RecordingStore : IOnlineStore
    {
        public List<OnlineRowWrite> Rows { get; } = [];

        public List<WindowAppend> Appends { get; } = [];

        public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
        {
            Rows.AddRange(rows);
            return Task.CompletedTask;
        }

        public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
        {
            Appends.AddRange(appends);
            return Task.CompletedTask;
        }

        public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
