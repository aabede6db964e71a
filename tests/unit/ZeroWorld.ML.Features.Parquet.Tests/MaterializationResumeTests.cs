using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What becomes of a run that was stopped, and of what a server lost.</summary>
public sealed class MaterializationResumeTests : MaterializationCase
{
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
            Assert.Empty(Folder.Leftovers());
            online.OnLedgerChange = static _ => { };
            var done = DoneIn(online);
            var again = await RunAsync(online);

            AssertEqual(calm, online);
            Assert.All(online.Coverages.Values, static coverage => Assert.True(coverage.IsReadable));
            Assert.True(done == 0 || again.Rows < 1200, $"{again.Rows} rows after {done} partitions were done");
            stops++;
        }

        Assert.Empty(Folder.Leftovers());
        Assert.InRange(stops, 10, 100);
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

    private static int PartitionOf(EntityId card)
    {
        // Of the key as text, without the letter of its type.
        var (digest, partitions) = (new EntityPartition(), new byte[1]);
        digest.Add(0, Encoding.UTF8.GetBytes(card.Key[1..]), partitions);
        digest.Complete(partitions);
        return partitions[0];
    }

    private static int DoneIn(InMemoryOnlineStore online) => online.Ledgers.Values.Sum(static text => MaterializationLedger.Parse(text).Partitions.Count);
}
