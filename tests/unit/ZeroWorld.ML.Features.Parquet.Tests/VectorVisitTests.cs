using System.Collections.Concurrent;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class VectorVisitTests
{
    private const string Rows = "SELECT i, CASE WHEN i % 3 > 0 THEN i::VARCHAR END FROM range(300000) t(i)";

    [Fact]
    public void Visit_AnyStatement_HandsOnEachRowOnceWithItsNulls()
    {
        using var folder = new StoreFolder();
        using var session = Open(folder);
        var seen = new ConcurrentBag<(long Number, int Worker, bool IsRight)>();

        session.Visit(
            Rows,
            (rows, worker) =>
            {
                for (var row = 0; row < rows.Count; row++)
                {
                    var number = rows.Column(0).Int64[row];
                    var isRight = number % 3 == 0 ? rows.Column(1).IsNull(row) : rows.Column(1).Bytes(row).Length == $"{number}".Length;
                    seen.Add((number, worker, isRight));
                }
            },
            CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, 300_000).Select(static number => (long)number), seen.Select(static row => row.Number).Order());
        Assert.All(seen, row => Assert.True(row.IsRight && row.Worker < session.Threads));
    }

    [Fact]
    public void Visit_ThatThrows_ThrowsThatAndLeavesTheSessionAsItWas()
    {
        using var folder = new StoreFolder();
        using var session = Open(folder);

        var thrown = Assert.Throws<FeatureException>(() => session.Visit(Rows, static (_, _) => throw new FeatureException(FeatureError.InvalidInput, "This row."), CancellationToken.None));

        Assert.Equal("This row.", thrown.Message);
        var count = 0;
        session.Visit(Rows, (rows, _) => Interlocked.Add(ref count, rows.Count), CancellationToken.None);
        Assert.Equal(300_000, count);
    }

    [Fact]
    public void Visit_StatementThatFails_IsToldByTheEngine()
    {
        using var folder = new StoreFolder();
        using var session = Open(folder);

        var thrown = Assert.Throws<FeatureException>(() => session.Visit("SELECT CAST('x' || i AS INTEGER) FROM range(3) t(i)", static (_, _) => { }, CancellationToken.None));

        Assert.Contains("x0", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Visit_ThatIsCancelled_Ends()
    {
        using var folder = new StoreFolder();
        using var session = Open(folder);
        using var cancellation = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => session.Visit("SELECT i FROM range(1000000000) t(i)", (_, _) => cancellation.Cancel(), cancellation.Token));
    }

    private static DuckDbSession Open(StoreFolder folder) => new(new ParquetOfflineOptions { DataDirectory = folder.Options.DataDirectory, Threads = 3 });
}
