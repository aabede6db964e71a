using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Materializations as real processes: killed where a chunk ends, and side by side.</summary>
public sealed class MaterializeProcessTests : IDisposable
{
    private readonly MaterializeData _data = new(cards: 30_000);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    // The ledger of a view is replaced when a run takes its turn, when it has cleared, when partitions of 10,000 entities are done, and twice at its end. The process
    // ends before the ledger gets what was done, or when it got it and nobody has heard of that.
    [Fact]
    public async Task Materialize_KilledAtChunkBoundaries_LeavesTheRowsOfAnUndisturbedRun()
    {
        RedisServerProcess.SkipIfMissing();
        await _data.PrepareAsync();
        await using var calm = await RedisServerProcess.StartAsync(Token);
        await _data.SucceedAsync("materialize", "--redis", calm.Address);
        await using var redis = await RedisServerProcess.StartAsync(Token);
        foreach (var (at, isKnown) in new[] { (3, false), (3, true), (3, false), (8, true) })
        {
            await using var proxy = new HoldingProxy(redis.Port, MaterializeData.Script("replace_ledger.lua"), at, isKnown);
            using var process = ZwmlProcess.Start(_data.Folder, "materialize", "--redis", proxy.Address);
            var exited = process.WaitForExitAsync(Token);
            Assert.True(await Task.WhenAny(proxy.Held, exited) == proxy.Held, $"the process ended before it changed the ledger {at} times");

            // SIGKILL: nothing of it runs any more, whatever it was at.
            process.Kill();
            await exited;
        }

        await _data.SucceedAsync("materialize", "--redis", redis.Address);

        var expected = await MaterializeData.DumpAsync(calm);
        Assert.Equal(2 * _data.Cards, expected.Count(static item => item.Key.StartsWith("z1:{", StringComparison.Ordinal)));
        Assert.Equal(expected, await MaterializeData.DumpAsync(redis));
    }

    [Fact]
    public async Task Materialize_ShardsSideBySide_TogetherGiveWhatOneRunGives()
    {
        RedisServerProcess.SkipIfMissing();
        await _data.PrepareAsync();
        await using var whole = await RedisServerProcess.StartAsync(Token);
        await _data.SucceedAsync("materialize", "--redis", whole.Address);
        await using var redis = await RedisServerProcess.StartAsync(Token);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(shard => _data.SucceedAsync("materialize", "--shard", $"{shard}/3", "--redis", redis.Address)));

        Assert.Equal(await MaterializeData.DumpAsync(whole), await MaterializeData.DumpAsync(redis));
    }
}
