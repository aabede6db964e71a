using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>The whole published table against windows written by hand in SQL, after the definitions of the Fraud Detection Handbook, chapter 3.</summary>
public sealed class HandbookParityTests
{
    private const long Day = 86_400_000_000;
    private const int Rows = 1_754_155;

    // Pairs of transactions of one customer in one second. Our contract counts neither for the other; the published features count the first for the second.
    private const int SimultaneousPairs = 29;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BuildTrainingSetAsync_WholeHandbookTable_EqualsWindowsInSql()
    {
        var path = FindTable();
        Assert.SkipWhen(path is null, "The shared data file fraud-handbook/transactions.csv.gz is not there.");
        using var folder = new StoreFolder();

        var summary = await folder.Store.ImportAsync(FraudDefinitions.Import(path), Token);
        var set = await folder.Store.BuildTrainingSetAsync(FraudDefinitions.Request(folder.PathOf("fraud.parquet")), null, Token);

        Assert.Equal(Rows, summary.Rows);
        Assert.Equal(Rows, set.Rows);
        using var session = new DuckDbSession(folder.Options);
        session.Execute($"CREATE TABLE published AS {WindowsInSql(folder)}", Token);
        Assert.Equal(2 * SimultaneousPairs, Count(session, "SELECT count(*) FROM published WHERE simultaneous > 1"));
        Assert.Equal(2 * SimultaneousPairs, Count(session, $"""
            SELECT count(*) FROM read_parquet({Sql.Text(set.Path)}) ours JOIN published USING (TRANSACTION_ID)
            WHERE simultaneous = 2 AND ours.customer_tx_count_1d = published.customer_tx_count_1d - 1
            """));
        var columns = FraudDefinitions.CustomerSpending.Fields.Concat(FraudDefinitions.TerminalRisk.Fields).Select(static field => field.Name).ToList();
        foreach (var column in columns)
        {
            var name = Sql.Name(column);
            var differing = $"""
                SELECT count(*) FROM read_parquet({Sql.Text(set.Path)}) ours JOIN published USING (TRANSACTION_ID)
                WHERE simultaneous = 1 AND NOT coalesce(abs(ours.{name} - published.{name}) <= 1e-6, false)
                """;
            Assert.True(Count(session, differing) == 0, $"{column} differs");
        }

        Assert.Equal(Rows, Count(session, $"SELECT count(*) FROM read_parquet({Sql.Text(set.Path)}) ours JOIN published USING (TRANSACTION_ID)"));
        Assert.Equal(12, columns.Count);
    }

    private static string? FindTable()
    {
        var root = Environment.GetEnvironmentVariable("ZEROWORLD_DATA");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); root is null && folder is not null; folder = folder.Parent)
        {
            // The shared data lies beside the repository.
            root = File.Exists(Path.Combine(folder.FullName, "global.json")) ? Path.Combine(folder.FullName, "..", "shared", "data") : null;
        }

        var path = Path.Combine(root ?? string.Empty, "fraud-handbook", "transactions.csv.gz");
        return File.Exists(path) ? path : null;
    }

    private static long Count(DuckDbSession session, string query)
    {
        using var rows = session.Query(query, Token);
        Assert.True(rows.Read());
        return rows.GetInt64(0);
    }

    private static string WindowsInSql(StoreFolder folder)
    {
        var columns = new List<string>();
        var windows = new List<string>();
        foreach (var days in new[] { 1, 7, 30 })
        {
            var customer = string.Create(CultureInfo.InvariantCulture, $"c{days} AS (PARTITION BY CUSTOMER_ID ORDER BY t RANGE BETWEEN {(days * Day) - 1} PRECEDING AND CURRENT ROW)");
            var terminal = string.Create(CultureInfo.InvariantCulture, $"t{days} AS (PARTITION BY TERMINAL_ID ORDER BY t RANGE BETWEEN {((days + 7) * Day) - 1} PRECEDING AND {7 * Day} PRECEDING)");
            windows.AddRange([customer, terminal]);
            columns.AddRange(
            [
                $"count(*) OVER c{days} AS customer_tx_count_{days}d",
                $"avg(TX_AMOUNT) OVER c{days} AS customer_amount_mean_{days}d",
                $"count(*) OVER t{days} AS terminal_tx_count_{days}d",
                $"coalesce(avg(TX_FRAUD) OVER t{days}, 0) AS terminal_fraud_risk_{days}d",
            ]);
        }

        var table = Sql.Text(Path.Combine(folder.Options.DataDirectory, "offline", "default", "transactions", "part-0.parquet"));
        return $"""
            SELECT TRANSACTION_ID, count(*) OVER (PARTITION BY CUSTOMER_ID, t) AS simultaneous, {string.Join(", ", columns)}
            FROM (SELECT *, epoch_us(TX_DATETIME) AS t FROM read_parquet({table})) WINDOW {string.Join(", ", windows)}
            """;
    }
}
