namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class MomentFinderTests
{
    [Theory]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(200, true)]
    [InlineData(200, false)]
    public void Find_OfRowsInAnyOrder_IsTheFirstMomentNotBeforeThem(int momentsMax, bool isByTime)
    {
        const int Entities = 30;
        const int First = 4;
        const int Rows = 4096;
        var random = new Random(momentsMax);
        var starts = new int[Entities + 1];
        var moments = new List<long>();
        for (var entity = 0; entity < Entities; entity++)
        {
            moments.AddRange(Enumerable.Range(0, 1 + random.Next(momentsMax)).Select(_ => random.NextInt64(1_000_000)).Distinct().Order());
            starts[entity + 1] = moments.Count;
        }

        var arrivals = Enumerable.Range(0, Rows).Select(row => new Arrival
        {
            EventTime = isByTime ? row * 250 : random.NextInt64(1_010_000),
            CreatedTime = random.NextInt64(1_000),
            Place = Arrival.PlaceOf(row, random.Next(Entities - First)),
        }).ToArray();
        using var all = new NativeArray<long>(moments.Count);
        moments.CopyTo(all.Span);
        var finder = new MomentFinder(starts, all);
        var found = new int[MomentFinder.RowsMax];
        for (var from = 0; from < Rows; from += MomentFinder.RowsMax)
        {
            var some = arrivals.AsSpan(from, MomentFinder.RowsMax);
            finder.Find(some, First, found);

            for (var index = 0; index < some.Length; index++)
            {
                var (start, end) = (starts[First + some[index].Entity], starts[First + some[index].Entity + 1]);
                var time = some[index].Time;
                Assert.Equal(moments.FindIndex(start, end - start, moment => moment >= time), found[index]);
            }
        }
    }

    [Fact]
    public void PlaceOf_RowAndEntity_AreThereAgain()
    {
        var arrival = new Arrival { Place = Arrival.PlaceOf((1L << 38) + 5, (1 << 24) - 1) };

        Assert.Equal(((1L << 38) + 6, (1 << 24) - 1), (arrival.Row, arrival.Entity));
    }
}
