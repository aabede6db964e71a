using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public abstract partial class S3AppendContract
{
    [Fact]
    public async Task EraseAsync_OfAnEntity_LeavesItInNoFileOfTheBucketOrTheCacheAndTheTableWhatItWas()
    {
        await Store.ImportAsync(Import(100, 10), Token);
        await Store.ImportAsync(Import(0, 20), Token);
        await Store.ImportAsync(Import(20, 10) with { IsAppended = true }, Token);
        await Store.AppendAsync("default", "transactions", Events(30, 10), Token);
        var (before, terminals) = (await ExtentAsync(), await TerminalsAsync());
        Assert.Equal(10, await CountAsync("CUSTOMER_ID = 3"));

        var erased = await Store.EraseAsync(Customer(3), Token);
        var again = await Store.EraseAsync(Customer(3), Token);

        // Two of the rows lie in the table of before, which is kept for who reads it still.
        Assert.Equal((10L, 4L, 0L, 0L), (erased.Rows, erased.Files, again.Rows, again.Files));
        Assert.Equal((0L, 10L, 40L), (await CountAsync("CUSTOMER_ID = 3"), await CountAsync("CUSTOMER_ID IS NULL"), await CountAsync("CUSTOMER_ID IS NOT NULL")));
        var after = await ExtentAsync();
        Assert.Equal((before.Generation, before.Rows - 8), (after.Generation, after.Rows));
        Assert.Equal(before.Files.Select(static file => (file.Name, file.Stored)), after.Files.Select(static file => (file.Name, file.Stored)));
        Assert.Equal(terminals, await TerminalsAsync());
        Assert.Empty(Directory.GetDirectories(_folder.PathOf("data/tmp")));
        AssertNotInCache("data/cache", customer: 3);
    }

    [Fact]
    public async Task EraseAsync_OfAnEntityThatAnotherMachineHasInItsCache_LeavesItThereUntilThatReadsTheTableAgain()
    {
        await Store.ImportAsync(Import(0, 20), Token);
        await Store.AppendAsync("default", "transactions", Events(20, 20), Token);
        using var cache = new ObjectFileCache(_bucket!.Objects, _folder.PathOf("other/cache"), 1 << 30, TimeProvider.System);
        var reader = new S3OfflineStore(_folder.Options, _bucket!.Objects, cache, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);
        await reader.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);
        Assert.NotEmpty(Directory.GetFiles(_folder.PathOf("other/cache")));

        await Store.EraseAsync(Customer(3), Token);
        await reader.ReadExtentAsync(FraudDefinitions.CustomerSpending, Token);

        AssertNotInCache("other/cache", customer: 3);
    }

    [Fact]
    public async Task EraseAsync_OfTwoEntitiesAtOnce_LosesNeither()
    {
        await Store.ImportAsync(Import(0, 20), Token);
        await Store.AppendAsync("default", "transactions", Events(20, 20), Token);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(customer => Task.Run(() => NewStore().EraseAsync(Customer(customer), Token))));

        Assert.Equal((8L, 32L), (await CountAsync("CUSTOMER_ID = 4"), await CountAsync("CUSTOMER_ID IS NULL")));
    }

    protected static TableErasureRequest Customer(long id) =>
        new("default", [FraudDefinitions.CustomerSpending, FraudDefinitions.TerminalRisk], "customer", [FeatureValue.FromInt64(id)], long.MaxValue);

    private void AssertNotInCache(string folder, long customer)
    {
        var files = Directory.GetFiles(_folder.PathOf(folder));
        Assert.NotEmpty(files);
        using var session = new DuckDbSession(_folder.Options);
        foreach (var file in files)
        {
            using var rows = session.Query($"SELECT count(*) FROM {Sql.Scan([file])} WHERE CUSTOMER_ID = {customer}", Token);
            Assert.True(rows.Read());
            Assert.Equal(0, rows.GetInt64(0));
        }
    }

    /// <summary>Rows of all files in the bucket, whether a table names them or not.</summary>
    protected async Task<long> CountAsync(string condition)
    {
        var folder = Directory.CreateDirectory(_folder.PathOf($"copy-{Guid.NewGuid():N}")).FullName;
        foreach (var key in await ListAsync("offline/"))
        {
            if (key.EndsWith(".parquet", StringComparison.Ordinal))
            {
                await _bucket!.Objects.GetFileAsync(key, null, Path.Combine(folder, $"{Guid.NewGuid():N}.parquet"), Token);
            }
        }

        using var session = new DuckDbSession(_folder.Options);
        using var rows = session.Query($"SELECT count(*) FROM {Sql.Scan(Directory.GetFiles(folder))} WHERE {condition}", Token);
        Assert.True(rows.Read());
        return rows.GetInt64(0);
    }

    /// <summary>What the windows of another entity hold.</summary>
    private Task<List<string>> TerminalsAsync() => HistoryReading.TextsAsync(
        Store.ReadEventsAsync(FraudDefinitions.Plan.Views[1].Field, new MaterializationRange(long.MinValue, long.MaxValue, long.MinValue), Token));
}
