using ZeroWorld.ML.Models.Retrieval;

namespace ZeroWorld.ML.Models.Tests.Retrieval;

public sealed class RetrievalTests
{
    private const int Length = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(5000)]
    public void ByProduct_AnyCount_EqualsASort(int count)
    {
        var (vectors, query) = (Vectors(3000, 1), Vectors(1, 2));

        var found = TopItems.ByProduct(vectors, query, count);

        var expected = Enumerable.Range(0, 3000)
            .Select(item => (Item: item, Score: Enumerable.Range(0, Length).Sum(axis => (double)vectors[(item * Length) + axis] * query[axis])))
            .OrderByDescending(static pair => pair.Score).Take(count).ToArray();
        Assert.Equal(expected.Select(static pair => pair.Item), found.Select(static item => item.Item));
        Assert.All(found.Zip(expected), static pair => Assert.Equal(pair.Second.Score, pair.First.Score, 4));
    }

    [Fact]
    public void Of_TiesAndInfinities_OrdersByIndexAndLeavesOut()
    {
        var found = TopItems.Of([1, 2, float.NegativeInfinity, 2, 2], 3);

        Assert.Equal([1, 3, 4], found.Select(static item => item.Item));
        Assert.Equal(4, TopItems.Of([1, 2, float.NegativeInfinity, 2, 2], 10).Length);
    }

    [Fact]
    public void Add_AnyOrder_KeepsTheNearestAndExpandsEachOnce()
    {
        var random = new Random(4);
        var search = new HnswSearch(500);
        search.Begin(40);
        (int Item, float Score)[] all = [.. Enumerable.Range(0, 500).Select(item => (item, (float)random.Next(-20, 20)))];
        random.Shuffle(all);
        var expanded = new List<int>();

        foreach (var (item, score) in all)
        {
            Assert.True(search.IsNew(item));
            search.Add(item, score);
            Assert.False(search.IsNew(item));
            if (item % 5 == 0 && search.TryExpand(out var next))
            {
                expanded.Add(next);
            }
        }

        while (search.TryExpand(out var next))
        {
            expanded.Add(next);
        }

        // Of equal scores, the lower item is nearer.
        var expected = all.OrderByDescending(static pair => pair.Score).ThenBy(static pair => pair.Item).Take(40).Select(static pair => new ScoredItem(pair.Item, pair.Score));
        Assert.Equal(expected, search.ToList());
        Assert.Equal(expanded.Distinct(), expanded);
        Assert.Empty(search.ToList().Select(static item => item.Item).Except(expanded));
    }

    [Fact]
    public void Find_ClusteredVectors_HasTheRecallOfItsPurpose()
    {
        var vectors = Vectors(4000, 3);
        var index = HnswIndex.Build(vectors, Length, new HnswOptions(), TestContext.Current.CancellationToken);
        var hits = 0;

        for (var round = 0; round < 50; round++)
        {
            var query = Vectors(1, 100 + round);
            var exact = TopItems.ByProduct(vectors, query, 100);
            var found = index.Find(query, 100, 300);
            hits += exact.Select(static item => item.Item).Intersect(found.Select(static item => item.Item)).Count();
            Assert.Equal(found.OrderByDescending(static item => item.Score), found);
        }

        Assert.True(hits >= 0.98 * 5000, $"recall@100 is {hits / 5000.0}");
    }

    [Fact]
    public void FromLinks_SavedGraph_FindsTheSame()
    {
        var vectors = Vectors(500, 4);
        var index = HnswIndex.Build(vectors, Length, new HnswOptions { Links = 8, BuildWidth = 40 }, TestContext.Current.CancellationToken);

        var read = HnswIndex.FromLinks(index.ToLinks(), vectors, Length);

        var query = Vectors(1, 9);
        Assert.Equal(index.Find(query, 20, 50), read.Find(query, 20, 50));
    }

    [Fact]
    public void FromLinks_GraphOfOtherVectors_IsRefused()
    {
        var vectors = Vectors(50, 4);
        var graph = HnswIndex.Build(vectors, Length, new HnswOptions(), TestContext.Current.CancellationToken).ToLinks();

        Assert.Equal(RegistryError.CorruptArtifact, Assert.Throws<RegistryException>(() => HnswIndex.FromLinks(graph, vectors.AsSpan(Length), Length)).Error);
        graph[3 + 50 + 1] = 50;
        Assert.Throws<RegistryException>(() => HnswIndex.FromLinks(graph, vectors, Length));
    }

    [Fact]
    public void Find_NoItems_FindsNone()
    {
        Assert.Empty(HnswIndex.Build([], Length, new HnswOptions(), TestContext.Current.CancellationToken).Find(new float[Length], 5, 10));
    }

    private static float[] Vectors(int count, int seed)
    {
        var (random, centres) = (new Random(seed), new Random(77));
        var means = Enumerable.Range(0, 20 * Length).Select(_ => (float)(centres.NextDouble() - 0.5)).ToArray();
        return [.. Enumerable.Range(0, count).SelectMany(_ =>
        {
            var centre = random.Next(20);
            return Enumerable.Range(0, Length).Select(axis => means[(centre * Length) + axis] + (0.5f * ((float)random.NextDouble() - 0.5f)));
        })];
    }
}
