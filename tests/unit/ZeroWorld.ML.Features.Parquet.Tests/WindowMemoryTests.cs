using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Windowed joins of tables that are larger than what the engine may take.</summary>
public sealed class WindowMemoryTests : IDisposable
{
    private const int Rows = 1_000_000;

    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    public async Task BuildTrainingSetAsync_WindowsOfATableBeyondTheMemory_AreBitIdentical(int memoryMiB)
    {
        // Times rise with the rows, as in a table that grows; entities come again and again.
        var table = _folder.WriteParquet("table.parquet", string.Create(CultureInfo.InvariantCulture, $"""
            SELECT i AS TRANSACTION_ID, make_timestamptz(1_520_000_000_000_000 + i * 7_000_000) AS TX_DATETIME,
                CAST(hash(i) % 5003 AS BIGINT) AS CUSTOMER_ID, CAST(hash(i + 1) % 10007 AS BIGINT) AS TERMINAL_ID,
                CAST(hash(i + 2) % 100000 AS DOUBLE) / 100 AS TX_AMOUNT, CAST(hash(i + 3) % 50 = 0 AS BIGINT) AS TX_FRAUD
            FROM range({Rows}) AS numbers(i)
            """));
        await _folder.Store.ImportAsync(FraudDefinitions.Import(table), Token);

        var large = await StoreOf(1024).BuildTrainingSetAsync(FraudDefinitions.Request(_folder.PathOf("large.parquet")), null, Token);
        var small = await StoreOf(memoryMiB).BuildTrainingSetAsync(FraudDefinitions.Request(_folder.PathOf("small.parquet")), null, Token);

        Assert.Equal(Rows, small.Rows);
        Assert.Equal(large.Fingerprint, small.Fingerprint);
    }

    [Fact]
    public async Task BuildTrainingSetAsync_SortsThatNeedMoreThanPlanned_IsBitIdentical()
    {
        // What a sort takes is planned without the length of texts: two of these at once do not fit.
        var table = _folder.WriteParquet("table.parquet", string.Create(CultureInfo.InvariantCulture, $"""
            SELECT repeat(md5(CAST(i AS VARCHAR)), 2) AS TRANSACTION_ID, make_timestamptz(1_520_000_000_000_000 + i * 7_000_000) AS TX_DATETIME,
                CAST(hash(i) % 5003 AS BIGINT) AS CUSTOMER_ID, CAST(hash(i + 1) % 10007 AS BIGINT) AS TERMINAL_ID,
                CAST(hash(i + 2) % 100000 AS DOUBLE) / 100 AS TX_AMOUNT, CAST(hash(i + 3) % 50 = 0 AS BIGINT) AS TX_FRAUD
            FROM range({Rows}) AS numbers(i)
            """));
        OfflineColumn[] columns = [new("TRANSACTION_ID", FeatureType.String), .. FraudDefinitions.Columns.Skip(1)];
        await _folder.Store.ImportAsync(FraudDefinitions.Import(table) with { Columns = columns }, Token);

        var large = await StoreOf(4096).BuildTrainingSetAsync(RequestOf("large.parquet"), null, Token);
        var small = await StoreOf(128).BuildTrainingSetAsync(RequestOf("small.parquet"), null, Token);

        Assert.Equal(large.Fingerprint, small.Fingerprint);

        TrainingSetRequest RequestOf(string output) => FraudDefinitions.Request(_folder.PathOf(output)) with
        {
            Plan = new FeatureServicePlan(FraudDefinitions.Plan.Service, static _ => false), PassThrough = ["CUSTOMER_ID"],
        };
    }

    [Theory]

    // Room for all at once: as many partitions as there are threads.
    [InlineData(new[] { 100L, 50L }, 4, 200, 2, 4, 4)]
    [InlineData(new[] { 300L << 20 }, 2, 200, 2, 2, 2)]

    // As many partitions as let those at once fit the memory, and few threads in little of it.
    [InlineData(new[] { 301L << 20 }, 2, 200, 4, 2, 2)]
    [InlineData(new[] { 10L << 20, 450L << 20 }, 8, 64, 15, 2, 2)]
    [InlineData(new[] { 100L << 20, 100L << 20, 100L << 20 }, 2, 16, 7, 1, 1)]

    // Too large for that: one after the other, and each spills.
    [InlineData(new[] { 10L << 20, 900L << 20 }, 8, 64, WindowSchedule.PartitionsMax, 1, 2)]
    [InlineData(new[] { 1L << 50 }, 8, 64, WindowSchedule.PartitionsMax, 1, 2)]
    public void Of_BytesAndMemory_GivesWhatFits(long[] viewBytes, int threads, long memoryMiB, int partitions, int workers, int engineThreads) =>
        Assert.Equal(new WindowSchedule(partitions, workers, engineThreads), WindowSchedule.Of(viewBytes, threads, memoryMiB << 20));

    private DuckDbOfflineStore StoreOf(int memoryMiB) => new(
        new ParquetOfflineOptions { DataDirectory = _folder.Options.DataDirectory, Threads = 2, MemoryLimitMiB = memoryMiB }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
}
