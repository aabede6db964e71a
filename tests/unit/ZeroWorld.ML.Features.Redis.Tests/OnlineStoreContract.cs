namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>What every online store promises (docs/formats/online-row.md); run against each server.</summary>
public abstract partial class OnlineStoreContract(OnlineStoreFixture fixture)
{
    private static long s_customer;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_OfAnUnknownEntity_AnswersNothing()
    {
        var store = await fixture.GetStoreAsync(Cancellation);

        Assert.Null(await store.ReadOneAsync(NewCustomer(), TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task ReadAsync_OfRowsAndWindows_KeepsTheOrderOfFields()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(), NewCustomer());
        var (row, block) = (TestViews.Row(1, 1, 2.5), TestViews.Block(spending, (1, 1), (2, 2)));
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, row)], Cancellation);
        await store.AppendEventsAsync(spending, [new WindowAppend(customer, block)], long.MinValue, Cancellation);

        var read = new OnlineRead(customer, [spending, TestViews.NamedProfile, TestViews.Profile]);
        await store.ReadAsync([read], Cancellation);

        Assert.Equal(OnlineReadState.Answered, read.State);
        Assert.Equal(block, read.Payloads[0]!.Value.ToArray());
        Assert.Null(read.Payloads[1]);
        Assert.Equal(row, read.Payloads[2]!.Value.ToArray());
    }

    [Fact]
    public async Task ReadAsync_OfManyEntities_AnswersEachWithItsOwn()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var customers = Enumerable.Range(0, 1000).Select(_ => NewCustomer()).ToList();
        await store.WriteRowsAsync(
            TestViews.Profile, [.. customers.Select((customer, index) => new OnlineRowWrite(customer, TestViews.Row(index, index, index)))], Cancellation);

        var reads = customers.Concat(customers.Take(10)).Select(static customer => new OnlineRead(customer, [TestViews.Profile])).ToList();
        await store.ReadAsync(reads, Cancellation);

        Assert.All(reads, static (read, index) => Assert.Equal(TestViews.Row(index % 1000, index % 1000, index % 1000), read.Payloads[0]!.Value.ToArray()));
    }

    [Fact]
    public async Task ReadAsync_WithACancelledToken_ThrowsAndLeavesReadsPending()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var read = new OnlineRead(NewCustomer(), [TestViews.Profile]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.ReadAsync([read], new CancellationToken(true)));

        Assert.Equal(OnlineReadState.Pending, read.State);
    }

    // (event, created) of the row that is there and of the one that comes; whether the second stays. 2^53 + 1 is no Lua number.
    [Theory]
    [InlineData(10, 10, 11, 11, true)]
    [InlineData(10, 10, 9, 9, false)]
    [InlineData(10, 10, 10, 40, true)]
    [InlineData(10, 40, 10, 10, false)]
    [InlineData(10, 40, 11, 11, true)]
    [InlineData(11, 11, 10, 40, false)]
    [InlineData(-5, -5, 3, 3, true)]
    [InlineData(3, 3, -5, -5, false)]
    [InlineData(-1, -1, 0, 0, true)]
    [InlineData(9007199254740992, 9007199254740992, 9007199254740993, 9007199254740993, true)]
    [InlineData(9007199254740993, 9007199254740993, 9007199254740992, 9007199254740992, false)]
    [InlineData(10, 9007199254740992, 10, 9007199254740993, true)]
    [InlineData(4294967295, 4294967295, 4294967296, 4294967296, true)]
    [InlineData(long.MaxValue - 1, long.MaxValue - 1, long.MaxValue, long.MaxValue, true)]
    [InlineData(long.MinValue, long.MinValue, long.MinValue + 1, long.MinValue + 1, true)]
    [InlineData(long.MinValue, long.MinValue, long.MaxValue, long.MaxValue, true)]
    [InlineData(long.MaxValue, long.MaxValue, long.MinValue, long.MinValue, false)]
    public async Task WriteRowsAsync_OfTwoRows_KeepsTheGreaterTimes(long oldEvent, long oldCreated, long newEvent, long newCreated, bool isReplaced)
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var customer = NewCustomer();
        var (old, next) = (TestViews.Row(oldEvent, oldCreated, 1), TestViews.Row(newEvent, newCreated, 2));

        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, old)], Cancellation);
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, next)], Cancellation);

        Assert.Equal(isReplaced ? next : old, await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public async Task WriteRowsAsync_OfEqualTimes_EndsTheSameInAnyOrder(long createdTime)
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        for (var value = 0; value < 20; value++)
        {
            var (left, right) = (TestViews.Row(10, createdTime, value), TestViews.Row(10, createdTime, value + 0.5));
            Assert.True(OnlineRowCodec.TryReadHeader(TestViews.Profile, left, out _, out _, out var body));
            var winner = string.CompareOrdinal(OnlineRowCodec.HashBody(left.AsSpan(body)), OnlineRowCodec.HashBody(right.AsSpan(body))) > 0 ? left : right;
            var (one, other) = (NewCustomer(), NewCustomer());

            await store.WriteRowsAsync(
                TestViews.Profile,
                [new OnlineRowWrite(one, left), new OnlineRowWrite(one, right), new OnlineRowWrite(other, right), new OnlineRowWrite(other, left)],
                Cancellation);

            Assert.Equal(winner, await store.ReadOneAsync(one, TestViews.Profile, Cancellation));
            Assert.Equal(winner, await store.ReadOneAsync(other, TestViews.Profile, Cancellation));
        }
    }

    // A store that an older build filled: its rows are read, compared and replaced.
    [Theory]
    [InlineData(9, 9, true)]
    [InlineData(10, 9, true)]
    [InlineData(11, 11, false)]
    [InlineData(10, 11, false)]
    public async Task WriteRowsAsync_OverARowOfVersion1_KeepsTheGreaterTimes(long oldEvent, long oldCreated, bool isReplaced)
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var customer = NewCustomer();
        var (old, next) = (TestViews.RowOfVersion1(oldEvent, oldCreated, 1), TestViews.Row(10, 10, 2));

        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, old)], Cancellation);
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, next)], Cancellation);
        Assert.Equal(isReplaced ? next : old, await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));

        await store.DeleteEntityAsync(customer, [TestViews.Profile], Math.Max(oldEvent, 10) - 1, Cancellation);
        Assert.NotNull(await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
        await store.DeleteEntityAsync(customer, [TestViews.Profile], Math.Max(oldEvent, 10), Cancellation);
        Assert.Null(await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task WriteRowsAsync_OfALongValue_KeepsEveryByte()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var customer = NewCustomer();
        var row = TestViews.Row(1, 2, double.NaN, new string('\u00e9', 200_000) + "\0\r\n");

        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, row)], Cancellation);

        Assert.Equal(row, await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
    }

    [Theory]
    [InlineData("}{|:/%")]
    [InlineData("line\r\nbreak \0 zero")]
    [InlineData("\u00e9\u4e2d\ud83d\ude00")]
    [InlineData("")]
    public async Task WriteRowsAsync_OfAKeyWithUnsafeBytes_IsReadBackByThatKeyAlone(string key)
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var entity = new EntityId("default", "named", EntityKeyCodec.Encode(TestViews.Named, [FeatureValue.FromString(key)]));
        var other = new EntityId("default", "named", EntityKeyCodec.Encode(TestViews.Named, [FeatureValue.FromString(key + "x")]));
        var row = OnlineRowCodec.Encode(TestViews.NamedProfile, 1, 1, [FeatureValue.FromString(key), FeatureValue.FromFloat64(1)]);

        await store.WriteRowsAsync(TestViews.NamedProfile, [new OnlineRowWrite(entity, row)], Cancellation);

        Assert.Equal(row, await store.ReadOneAsync(entity, TestViews.NamedProfile, Cancellation));
        Assert.Null(await store.ReadOneAsync(other, TestViews.NamedProfile, Cancellation));
    }

    [Fact]
    public async Task WriteRowsAsync_OfBytesThatAreNoRow_IsRefused()
    {
        var store = await fixture.GetStoreAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(
            () => store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(NewCustomer(), new byte[] { 1, 2, 3 })], Cancellation));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        Assert.Contains("profile", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_AfterTheirTime_AreRefusedAndNothingIsStored()
    {
        var store = await fixture.GetLedgerAsync(Cancellation);
        var entity = TestViews.Id(8_800_001);
        var field = TestViews.Spending();
        var now = (await store.ReadLedgerAsync(TestViews.Profile, Cancellation)).Now;

        var row = await Assert.ThrowsAsync<FeatureException>(() => store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(entity, TestViews.Row(1, 1, 1))], now - 1, Cancellation));
        var events = await Assert.ThrowsAsync<FeatureException>(() => store.AppendEventsAsync(field, [new WindowAppend(entity, TestViews.Block(field, (1, 1)))], long.MinValue, null, now - 1, Cancellation));

        Assert.Equal((FeatureError.Superseded, FeatureError.Superseded), (row.Error, events.Error));
        Assert.Null(await store.ReadOneAsync(entity, TestViews.Profile, Cancellation));
        Assert.Null(await store.ReadOneAsync(entity, field, Cancellation));
        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(entity, TestViews.Row(1, 1, 1))], now + 60_000_000, Cancellation);
        await store.AppendEventsAsync(field, [new WindowAppend(entity, TestViews.Block(field, (1, 1)))], long.MinValue, null, now + 60_000_000, Cancellation);
        Assert.NotNull(await store.ReadOneAsync(entity, TestViews.Profile, Cancellation));
        Assert.NotNull(await store.ReadOneAsync(entity, field, Cancellation));
    }

    [Fact]
    public async Task Writes_OfAMaterialization_AreSeenByTheNextRead()
    {
        var (store, ledger) = (await fixture.GetStoreAsync(Cancellation), await fixture.GetLedgerAsync(Cancellation));
        var (spending, customer) = (TestViews.Spending(), NewCustomer());
        var until = (await ledger.ReadLedgerAsync(TestViews.Profile, Cancellation)).Now + 600_000_000;
        Assert.Null(await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
        Assert.Null(await store.ReadOneAsync(customer, spending, Cancellation));

        await ledger.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(customer, TestViews.Row(1, 1, 1))], until, Cancellation);
        await ledger.AppendEventsAsync(spending, [new WindowAppend(customer, TestViews.Block(spending, (1, 1)))], long.MinValue, null, until, Cancellation);

        Assert.Equal(TestViews.Row(1, 1, 1), await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
        Assert.Equal(TestViews.Block(spending, (1, 1)), await store.ReadOneAsync(customer, spending, Cancellation));
    }

    [Fact]
    public async Task WriteRowsAsync_OfManyEntitiesSeveralTimesEach_KeepsTheGreatestOfEach()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var customers = Enumerable.Range(0, 100).Select(_ => NewCustomer()).ToList();
        var random = new Random(5);
        var writes = customers.SelectMany(customer => Enumerable.Range(1, 7).Select(time => new OnlineRowWrite(customer, TestViews.Row(time, time, time)))).ToArray();
        random.Shuffle(writes);

        await store.WriteRowsAsync(TestViews.Profile, writes, Cancellation);

        foreach (var customer in customers)
        {
            Assert.Equal(TestViews.Row(7, 7, 7), await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
        }
    }

    [Fact]
    public async Task TryMarkAsync_OfSomePartitions_IsReadBackOfEveryServer()
    {
        var store = await fixture.GetLedgerAsync(Cancellation);
        var (field, servers) = (TestViews.Spending(eventsMax: 17), await store.ReadServersAsync(TestViews.Profile, Cancellation));
        var now = (await store.ReadLedgerAsync(field, Cancellation)).Now;
        Assert.NotEmpty(servers);
        Assert.Equal(servers.Count, servers.Select(static server => server.Place).Distinct().Count());

        Assert.True(await store.TryMarkAsync(field, servers, [1, 5], 100, now + 600_000_000, Cancellation));
        Assert.True(await store.TryMarkAsync(field, servers.Take(1).ToList(), [5], 200, now + 600_000_000, Cancellation));
        Assert.True(await store.TryMarkAsync(field, servers, [1], 50, now + 600_000_000, Cancellation));
        var late = await Assert.ThrowsAsync<FeatureException>(() => store.TryMarkAsync(field, servers, [7], 300, now - 1, Cancellation));

        Assert.Equal(FeatureError.Superseded, late.Error);
        var marks = await store.ReadMarksAsync(field, [.. servers.Select(static server => server.Place)], Cancellation);
        Assert.Equal(
            Enumerable.Range(0, MaterializationLedger.PartitionCount).Select(partition => partition == 1 ? 100 : partition == 5 ? servers.Count == 1 ? 200 : 100 : long.MinValue), marks);
        Assert.All(await store.ReadMarksAsync(field, [], Cancellation), static mark => Assert.Equal(long.MaxValue, mark));
    }

    [Fact]
    public async Task Ledger_ChangedMeanwhile_StaysAsItIs()
    {
        var store = await fixture.GetLedgerAsync(Cancellation);
        var field = TestViews.NamedProfile;

        Assert.True(await store.TryReplaceLedgerAsync(field, null, "one", Cancellation));
        Assert.False(await store.TryReplaceLedgerAsync(field, null, "two", Cancellation));
        Assert.True(await store.TryReplaceLedgerAsync(field, "one", "two", Cancellation));
        Assert.Equal("two", (await store.ReadLedgerAsync(field, Cancellation)).Text);
    }

    [Fact]
    public async Task WriteRowsAsync_OfParallelWriters_EndsWithTheGreatestRow()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var customer = NewCustomer();
        var rows = Enumerable.Range(0, 300).Select(static index => TestViews.Row(index / 3, (index / 3) + (index % 3), index)).ToArray();
        var writers = Enumerable.Range(0, 8).Select(async writer =>
        {
            var shuffled = rows.ToArray();
            new Random(writer).Shuffle(shuffled);
            await store.WriteRowsAsync(TestViews.Profile, [.. shuffled.Select(row => new OnlineRowWrite(customer, row))], Cancellation);
        });

        await Task.WhenAll(writers);

        Assert.Equal(rows[^1], await store.ReadOneAsync(customer, TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task ReadCoverageAsync_OfAViewNeverMaterialized_IsNull()
    {
        var store = await fixture.GetStoreAsync(Cancellation);

        Assert.Null(await store.ReadCoverageAsync(TestViews.NamedProfile, Cancellation));
    }

    [Theory]
    [InlineData(long.MinValue, long.MaxValue)]
    [InlineData(-3, 1533081600000000)]
    public async Task WriteCoverageAsync_IsReadBack(long from, long to)
    {
        var store = await fixture.GetStoreAsync(Cancellation);

        await store.WriteCoverageAsync(TestViews.Profile, new ViewCoverage(from, to), Cancellation);

        Assert.Equal(new ViewCoverage(from, to), await store.ReadCoverageAsync(TestViews.Profile, Cancellation));
    }

    protected static EntityId NewCustomer() => TestViews.Id(Interlocked.Increment(ref s_customer));
}
