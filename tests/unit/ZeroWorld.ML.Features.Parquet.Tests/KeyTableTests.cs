namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class KeyTableTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("(hash(i) % 30011)::BIGINT", false)]
    [InlineData("'key ' || (hash(i) % 30011)", true)]
    public void Number_ManyThreadsAtOnce_GiveEachKeyOneNumber(string key, bool isText)
    {
        const int Workers = 8;
        var table = new KeyTable([isText ? FeatureType.String : FeatureType.Int64], rows: 10_000);
        using var session = new DuckDbSession(_folder.Options);
        var found = new Dictionary<string, int>[Workers];

        Parallel.For(0, Workers, worker =>
        {
            // Each begins elsewhere, and all come to every key.
            found[worker] = new Dictionary<string, int>(StringComparer.Ordinal);
            using var rows = session.QueryVectors($"SELECT CASE WHEN i % 101 > 0 THEN {key} END FROM (SELECT (j + {worker * 12345}) % 100000 AS i FROM range(100000) t(j))", Token);
            var entities = new int[DuckDbVectors.RowsMax];
            while (rows.Read())
            {
                table.Number(rows, 0, entities, add: true);
                for (var row = 0; row < rows.Count; row++)
                {
                    var value = rows.Column(0).Value(row, isText ? FeatureType.String : FeatureType.Int64);
                    Assert.Equal(value.IsNull, entities[row] < 0);
                    if (!value.IsNull)
                    {
                        Assert.Equal(entities[row], found[worker].TryAdd(value.ToString(), entities[row]) ? entities[row] : found[worker][value.ToString()]);
                    }
                }
            }
        });

        Assert.All(found, one => Assert.Equal(found[0].OrderBy(static pair => pair.Key), one.OrderBy(static pair => pair.Key)));
        Assert.Equal(table.Count, found[0].Count);
        Assert.Equal(Enumerable.Range(0, table.Count), found[0].Values.Order());
    }
}
