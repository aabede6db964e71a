namespace ZeroWorld.ML.Features.Tests;

/// <summary>Tiles at their edges: where a window begins, what comes too late, and bytes that are no block.</summary>
public sealed class HopBlockTests
{
    private const long Minute = 60_000_000;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    private static readonly FeatureValue[] NoRequest = [FeatureValue.Null(FeatureType.Float64)];

    // The sawtooth: floor((q - W) / h) * h <= event time < q. Five minutes, an hour and a day are the hops of these windows.
    [Theory]
    [InlineData(30 * Minute, 5 * Minute)]
    [InlineData((12 * Hour) - 1, 5 * Minute)]
    [InlineData(12 * Hour, Hour)]
    [InlineData((12 * Day) - 1, Hour)]
    [InlineData(12 * Day, Day)]
    [InlineData(90 * Day, Day)]
    public void Evaluate_AtTheTail_WidensToTheHopBelow(long window, long hop)
    {
        var (field, kernel) = Make(window);
        foreach (var offset in new[] { 0, 1, hop / 2, hop - 1 })
        {
            var q = (200 * Day) + offset;
            var tail = (long)Math.Floor((decimal)(q - window) / hop) * hop;
            foreach (var (time, isIn) in new[] { (tail - 1, 0), (tail, 1), (tail + 1, 1), (q - 1, 1), (q, 0), (q + 1, 0) })
            {
                var block = HopBlockMerge.Merge(field, [], Events(field, (time, time, 1)), long.MinValue, long.MinValue);
                Assert.Equal(isIn, Count(kernel, block, q));
            }
        }
    }

    [Fact]
    public void Merge_OfEventsThatComeLate_CountsThemOnceWhileIdsAreKnown()
    {
        var (field, kernel) = Make(30 * Day, 6 * Hour);
        var newest = 100 * Day;
        var trim = newest - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
        var block = HopBlockMerge.Merge(field, [], Events(field, (90 * Day, 90 * Day, 1), (newest, newest, 2)), trim, long.MinValue);
        Assert.Equal([2, 1], Counts(kernel, block, newest + 1));

        // Older than what is held one by one, and both times it comes.
        var late = HopBlockMerge.Merge(field, block, Events(field, (95 * Day, newest + 5, 3)), trim, long.MinValue);
        Assert.Equal([3, 1], Counts(kernel, late, newest + 6));
        Assert.Equal(late, HopBlockMerge.Merge(field, late, Events(field, (95 * Day, newest + 5, 3), (90 * Day, 90 * Day, 1), (newest, newest, 2)), trim, long.MinValue));
    }

    [Fact]
    public void Merge_OfAnEventWhoseIdMayBeForgotten_LeavesWindowsThatReachItUnavailable()
    {
        var (field, kernel) = Make(2, 30 * Day, 6 * Hour);
        var newest = 100 * Day;
        var trim = newest - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
        var block = HopBlockMerge.Merge(
            field, [], Events(field, (90 * Day, 90 * Day, 1), (91 * Day, 91 * Day, 2), (92 * Day, 92 * Day, 3), (newest, newest, 4)), trim, long.MinValue);
        Assert.Equal([4, 1], Counts(kernel, block, newest + 1));

        var late = HopBlockMerge.Merge(field, block, Events(field, (89 * Day, newest + 5, 5)), trim, long.MinValue);

        Assert.Equal([null, 1], Counts(kernel, late, newest + 6));
        Assert.Equal([3, 0], Counts(kernel, late, (89 * Day) + (31 * Day) + Day));
    }

    [Fact]
    public void Merge_OfAHistoryAfterPushes_KnowsBothAndARepeatChangesNothing()
    {
        var (field, kernel) = Make(30 * Day, 6 * Hour);
        var newest = 100 * Day;
        var trim = newest - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
        var pushed = HopBlockMerge.Merge(field, [], Events(field, (newest - Hour, newest - Hour, 8), (newest, newest, 9)), trim, long.MinValue);
        var history = HopBlockMerge.OfHistory(field, Events(field, (80 * Day, 80 * Day, 1), (90 * Day, 90 * Day, 2), (newest - Hour, newest - Hour, 8)), newest - 1, trim);

        var merged = HopBlockMerge.Merge(field, pushed, history, trim, long.MinValue);

        Assert.Equal([4, 2], Counts(kernel, merged, newest + 1));
        Assert.Equal(merged, HopBlockMerge.Merge(field, merged, history, trim, long.MinValue));
        Assert.Equal(merged, HopBlockMerge.Merge(field, merged, Events(field, (80 * Day, 80 * Day, 1)), trim, long.MinValue));
    }

    [Fact]
    public void Evaluate_OfAMomentThatTilesNoLongerTell_IsUnavailable()
    {
        var (field, kernel) = Make(Hour, 30 * Minute);
        var newest = 100 * Day;
        var trim = newest - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
        var block = HopBlockMerge.Merge(field, [], Events(field, (98 * Day, 98 * Day, 1), (newest, newest, 2)), trim, long.MinValue);

        Assert.Equal([null, null], Counts(kernel, block, newest - (2 * Day)));
        Assert.Equal([0, 0], Counts(kernel, block, newest - Day));
        Assert.Equal([1, 1], Counts(kernel, block, newest + 1));
    }

    [Fact]
    public void Merge_OfVeryManyEvents_StaysSmall()
    {
        var (field, kernel) = Make(90 * Day, 12 * Hour);
        var retention = UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
        byte[] block = [];
        for (var day = 0; day < 200; day++)
        {
            var events = Enumerable.Range(0, 500).Select(index => ((day * Day) + (index * 170_000_000L), (day * Day) + (index * 170_000_000L), (day * 1000L) + index)).ToArray();
            block = HopBlockMerge.Merge(field, block, Events(field, events), events[^1].Item1 - retention, long.MinValue);
        }

        Assert.Equal(90 * 500, Counts(kernel, block, 200 * Day)[0]);
        Assert.InRange(block.Length, 1, 120_000);
    }

    [Fact]
    public void Evaluate_CorruptBytes_AreUnavailableAndNeverThrow()
    {
        var random = new Random(5);
        var view = AggregateCases.MakeView(random, WindowPrecision.Hop);
        var field = StorageField.Of(view, hasIntegerEventId: true);
        var kernel = new WindowKernel(field);
        var cells = new FeatureCell[kernel.Features];
        var request = AggregateCases.MakeRequest(random);
        var block = AggregateCases.MakeHistory(field, AggregateCases.MakeEvents(random, 12));
        Assert.True(kernel.Evaluate(block, long.MinValue, 100 * Day, request, cells));
        for (var length = 1; length < block.Length; length += 1 + (length / 50))
        {
            Assert.False(kernel.Evaluate(block.AsSpan(0, length), long.MinValue, 100 * Day, request, cells), $"length {length}");
            Assert.All(cells, static cell => Assert.Equal(FeatureStatus.Unavailable, cell.Status));
        }

        for (var round = 0; round < 3_000; round++)
        {
            var broken = (byte[])block.Clone();
            for (var flips = random.Next(4); flips >= 0; flips--)
            {
                broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            }

            kernel.Evaluate(broken, long.MinValue, random.NextInt64(90 * Day, 101 * Day), request, cells);
        }

        Assert.Throws<FeatureException>(() => HopBlockMerge.Merge(field, block.AsSpan(0, 50), [], long.MinValue, long.MinValue));
    }

    private static (StorageField Field, WindowKernel Kernel) Make(params long[] windows) => Make(4096, windows);

    private static (StorageField Field, WindowKernel Kernel) Make(int eventsMax, params long[] windows)
    {
        var view = TestViews.Windowed([.. windows.Select((window, index) => TestViews.Aggregate($"count{index}", AggregateFunction.Count, "v", window))]) with
        {
            Precision = WindowPrecision.Hop,
            EventsMax = eventsMax,
        };
        var field = StorageField.Of(view, hasIntegerEventId: true);
        return (field, new WindowKernel(field));
    }

    private static byte[] Events(StorageField field, params ReadOnlySpan<(long Time, long Created, long Id)> events)
    {
        var builder = new WindowBlockBuilder(field);
        foreach (var (time, created, id) in events)
        {
            var values = new FeatureValue[field.View.StoredColumns.Count];
            Array.Fill(values, FeatureValue.FromFloat64(id));
            builder.Add(time, created, FeatureValue.FromInt64(id), "i1", values);
        }

        return builder.Build();
    }

    private static long? Count(WindowKernel kernel, byte[] block, long q) => Counts(kernel, block, q)[0];

    private static long?[] Counts(WindowKernel kernel, byte[] block, long q)
    {
        var cells = new FeatureCell[kernel.Features];
        Assert.True(kernel.Evaluate(block, long.MinValue, q, NoRequest, cells));
        return [.. cells.Select(static cell => cell.Status == FeatureStatus.Present ? cell.Value.AsInt64() : (long?)null)];
    }
}
