namespace ZeroWorld.ML.Features.Redis.Tests;

// Window blocks: events that are appended and merged.
public abstract partial class OnlineStoreContract
{
    // More than one script call takes, and blocks of which one call does not take all that it is given.
    [Fact]
    public async Task AppendEventsAsync_OfManyLargeBlocks_MergesEachOne()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var spending = TestViews.Spending();
        var customers = Enumerable.Range(0, 150).Select(_ => NewCustomer()).ToList();
        var old = Enumerable.Range(0, 1000).Select(static index => ((long)index * 10, (long)index)).ToList();
        await store.AppendEventsAsync(spending, [.. customers.Select(customer => new WindowAppend(customer, TestViews.Block(spending, old)))], long.MinValue, Cancellation);

        await store.AppendEventsAsync(
            spending, [.. customers.Select((customer, index) => new WindowAppend(customer, TestViews.Block(spending, (5 + index, 5000 + index))))], long.MinValue, Cancellation);

        foreach (var (index, customer) in customers.Index())
        {
            var expected = TestViews.Block(spending, old.Append((5 + index, 5000 + index)));
            Assert.Equal(expected, await store.ReadOneAsync(customer, spending, Cancellation));
        }
    }

    [Fact]
    public async Task AppendEventsAsync_InAnyOrderAndRepeated_CountsEachEventOnce()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(), NewCustomer());

        foreach (var events in new (long, long)[][] { [(30, 3)], [(10, 1), (30, 3)], [(20, 2)], [(10, 1), (20, 2), (30, 3)], [(20, 2)] })
        {
            await AppendAsync(store, spending, customer, TestViews.Block(spending, events));
        }

        Assert.Equal(TestViews.Block(spending, (10, 1), (20, 2), (30, 3)), await store.ReadOneAsync(customer, spending, Cancellation));
    }

    [Fact]
    public async Task AppendEventsAsync_OfAKnownIdWithAnotherTime_ChangesNothing()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(), NewCustomer());
        await AppendAsync(store, spending, customer, TestViews.Block(spending, (10, 1), (20, 2)));

        await AppendAsync(store, spending, customer, TestViews.Block(spending, (15, 1), (30, 2)));

        Assert.Equal(TestViews.Block(spending, (10, 1), (20, 2)), await store.ReadOneAsync(customer, spending, Cancellation));
    }

    [Fact]
    public async Task AppendEventsAsync_WithATrim_DropsOldEventsAndNeverTakesThemBack()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(), NewCustomer());
        await AppendAsync(store, spending, customer, TestViews.Block(spending, (10, 1), (20, 2), (30, 3)));

        await AppendAsync(store, spending, customer, TestViews.Block(spending, (40, 4)), trim: 20);
        await AppendAsync(store, spending, customer, TestViews.Block(spending, (20, 2), (15, 5)));

        var block = await store.ReadOneAsync(customer, spending, Cancellation);
        Assert.Equal(20, CoveredFrom(spending, block!, out var events));
        Assert.Equal(2, events);
    }

    [Fact]
    public async Task AppendEventsAsync_BeyondTheCap_DropsTheOldestWithTheirEqualsAndSaysSo()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(eventsMax: 3), NewCustomer());
        await AppendAsync(store, spending, customer, TestViews.Block(spending, (10, 1), (20, 2), (20, 3)));

        await AppendAsync(store, spending, customer, TestViews.Block(spending, (30, 4), (40, 5)));

        var block = await store.ReadOneAsync(customer, spending, Cancellation);
        Assert.Equal(20, CoveredFrom(spending, block!, out var events));
        Assert.Equal(2, events);
    }

    [Fact]
    public async Task AppendEventsAsync_OfAFirstBlockBeyondTheCap_StoresItCapped()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(eventsMax: 3), NewCustomer());

        await AppendAsync(store, spending, customer, TestViews.Block(spending, (10, 1), (20, 2), (30, 3), (40, 4)));

        var block = await store.ReadOneAsync(customer, spending, Cancellation);
        Assert.Equal(10, CoveredFrom(spending, block!, out var events));
        Assert.Equal(3, events);
    }

    /// <summary>The script gives the bytes of <see cref="WindowBlockMerge"/>: random appends in any order, with repeats, ties, late events, trims and caps.</summary>
    [Theory]
    [InlineData(1, true, 12, 0)]
    [InlineData(2, false, 12, 0)]
    [InlineData(3, true, 4096, 0)]
    [InlineData(4, false, 1, -50)]
    [InlineData(5, true, 30, 9007199254740992 - 50)]
    [InlineData(6, false, 30, 4294967296 - 50)]
    [InlineData(7, true, 12, long.MaxValue - 200)]
    [InlineData(8, false, 12, long.MinValue + 2)]
    public async Task AppendEventsAsync_OfRandomEvents_EqualsTheReferenceByteForByte(int seed, bool hasIntegerEventId, int eventsMax, long origin)
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var random = new Random(seed);
        var spending = TestViews.Spending(eventsMax, hasIntegerEventId);
        var customers = Enumerable.Range(0, 30).Select(_ => NewCustomer()).ToList();
        var expected = customers.ConvertAll(static _ => Array.Empty<byte>());

        for (var round = 0; round < 25; round++)
        {
            var trim = random.Next(4) == 0 ? origin + random.Next(60) : long.MinValue;
            var ledger = store as IMaterializationLedger;
            long? wholeUntil = ledger is not null && random.Next(4) == 0 ? origin + random.Next(60) : null;
            var appends = new List<WindowAppend>();
            for (var index = 0; index < customers.Count; index++)
            {
                var events = Enumerable.Range(0, random.Next(3) == 0 ? 25 : random.Next(6)).Select(_ =>
                {
                    // The times of an id differ between appends now and then, as a faulty source's do.
                    var id = random.Next(-20, 60);
                    var time = origin + Math.Abs(id) + random.Next(20);
                    return new TestEvent(time, time + random.Next(3), random.Next(20) == 0 ? long.MinValue + id + 20 : id);
                });
                var block = TestViews.Block(spending, [.. events]);
                appends.Add(new WindowAppend(customers[index], block));
                expected[index] = WindowBlockMerge.Merge(spending, expected[index], block, trim, eventsMax, wholeUntil);
            }

            await (wholeUntil is null
                ? store.AppendEventsAsync(spending, appends, trim, Cancellation)
                : ledger!.AppendEventsAsync(spending, appends, trim, wholeUntil, long.MaxValue, Cancellation));

            for (var index = 0; index < customers.Count; index++)
            {
                Assert.Equal(expected[index], await store.ReadOneAsync(customers[index], spending, Cancellation));
            }
        }
    }

    [Fact]
    public async Task AppendEventsAsync_OfParallelWriters_EndsAsOneWriterWould()
    {
        var store = await fixture.GetStoreAsync(Cancellation);
        var (spending, customer) = (TestViews.Spending(eventsMax: 200), NewCustomer());
        var events = Enumerable.Range(0, 400).Select(static index => new TestEvent(index / 2, (index / 2) + (index % 3), index)).ToList();
        var writers = Enumerable.Range(0, 8).Select(async writer =>
        {
            // Every writer brings every event, in an order of its own.
            var random = new Random(writer);
            var shuffled = events.ToArray();
            random.Shuffle(shuffled);
            foreach (var chunk in shuffled.Chunk(1 + (writer * 3)))
            {
                await AppendAsync(store, spending, customer, TestViews.Block(spending, chunk));
            }
        });

        await Task.WhenAll(writers);

        var expected = WindowBlockMerge.Merge(spending, [], TestViews.Block(spending, events), long.MinValue, 200);
        Assert.Equal(expected, await store.ReadOneAsync(customer, spending, Cancellation));
    }

    private static Task AppendAsync(IOnlineStore store, StorageField field, EntityId entity, byte[] block, long trim = long.MinValue) =>
        store.AppendEventsAsync(field, [new WindowAppend(entity, block)], trim, Cancellation);

    private static long CoveredFrom(StorageField field, byte[] block, out int events)
    {
        Assert.True(WindowBlockCodec.TryReadHeader(block, field.Fingerprint, WindowBlockCodec.RowWidth(field), out events, out var coveredFrom));
        return coveredFrom;
    }
}
