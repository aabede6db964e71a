using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Materializations as real processes: killed where a chunk ends, and side by side.</summary>
public sealed class MaterializeProcessTests(MaterializeFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // The ledger of a view is replaced when a run takes its turn, when it has cleared, when partitions of 10,000 entities are done, and twice at its end. The process
    // ends before the ledger gets what was done, or when it got it and nobody has heard of that.
    [Fact]
    public async Task Materialize_KilledAtChunkBoundaries_LeavesTheRowsOfAnUndisturbedRun()
    {
        RedisServerProcess.SkipIfMissing();
        var data = await fixture.DataAsync();
        await using var redis = await RedisServerProcess.StartAsync(Token);
        foreach (var (at, isKnown) in new[] { (3, false), (3, true), (3, false), (8, true) })
        {
            await using var proxy = new HoldingProxy(redis.Port, MaterializeData.Script("replace_ledger.lua"), at, isKnown);
            using var process = ZwmlProcess.Start(data.Folder, "materialize", "--redis", proxy.Address);
            var exited = process.WaitForExitAsync(Token);
            Assert.True(await Task.WhenAny(proxy.Held, exited) == proxy.Held, $"the process ended before it changed the ledger {at} times");

            // SIGKILL: nothing of it runs any more, whatever it was at.
            process.Kill();
            await exited;
        }

        await data.SucceedAsync("materialize", "--redis", redis.Address);

        var expected = await fixture.RowsAsync();
        Assert.Equal(2 * MaterializeData.Cards, expected.Count(static item => item.Key.StartsWith("z1:{", StringComparison.Ordinal)));
        Assert.Equal(expected, await MaterializeData.DumpAsync(redis));
    }

    [Fact]
    public async Task Materialize_ShardsSideBySide_TogetherGiveWhatOneRunGives()
    {
        RedisServerProcess.SkipIfMissing();
        var data = await fixture.DataAsync();
        await using var redis = await RedisServerProcess.StartAsync(Token);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(shard => data.SucceedAsync("materialize", "--shard", $"{shard}/3", "--redis", redis.Address)));

        Assert.Equal(await fixture.RowsAsync(), await MaterializeData.DumpAsync(redis));
    }

    /// <summary>The embedded store on a disk that is too small, without a reserve; then with room. Each command ends, and says why.</summary>
    [Fact]
    public async Task Materialize_IntoTheEmbeddedStoreOnAFullDisk_IsNotDoneAndTheNextRunBringsAll()
    {
        using var data = await fixture.CopyAsync();
        string[] read = ["features", "get", "last_use.amount", "spending.uses_1d", "spending.spent_1d", "--time", "2026-01-06T00:00:00Z", "--json", "-e"];
        string[] cards = ["card_id=0", "card_id=29999"];
        await data.SucceedAsync("materialize");
        var expected = await ReadAsync();
        var online = Path.Combine(data.Folder, ".zeroworld", "online");
        Directory.Delete(online, recursive: true);
        await File.WriteAllTextAsync(Path.Combine(data.Folder, "zeroworld.yaml"), "features: { embedded: { reserve_mebibytes: 0, start_timeout: 20s, stop_timeout: 5s } }", Token);
        using var disk = SmallDisk.Mount(online, "3m");

        for (var run = 0; run < 2; run++)
        {
            var (code, _, error) = await ZwmlProcess.RunAsync(data.Folder, "materialize");
            Assert.Equal(1, code);
            Assert.Matches("could not write its\\s+log|ended a script\\s+half-way|did not\\s+start within", error);
        }

        disk.Resize("200m");
        await data.SucceedAsync("materialize");
        Assert.Equal(expected, await ReadAsync());
        Assert.Contains("PRESENT", expected, StringComparison.Ordinal);

        async Task<string> ReadAsync()
        {
            var answers = new List<string>();
            foreach (var card in cards)
            {
                answers.Add(await data.SucceedAsync([.. read, card]));
            }

            return string.Join('\n', answers);
        }
    }
}
