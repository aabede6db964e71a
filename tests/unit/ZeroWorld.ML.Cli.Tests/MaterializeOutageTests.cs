using System.Globalization;
using StackExchange.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Servers of the online store that die while a materialization writes, or lose what they acknowledged to one that has ended.</summary>
public sealed class MaterializeOutageTests(MaterializeFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // In the middle of the writes of either view, and between a mark and the ledger; started again with all that it was told, or with nothing.
    [Theory]
    [InlineData("write_rows.lua", 100, true, 0)]
    [InlineData("write_rows.lua", 100, false, 0)]
    [InlineData("append_events.lua", 150, true, 1)]
    [InlineData("append_events.lua", 150, false, 0)]
    [InlineData("replace_ledger.lua", 3, true, 0)]
    public async Task Materialize_ServerKilledAmidARun_EndsWithASentenceAndTheNextRunGivesTheSameRows(string script, int at, bool keepsData, int readable)
    {
        RedisServerProcess.SkipIfMissing();
        var data = await fixture.DataAsync();
        await using var redis = await RedisServerProcess.StartAsync(Token, keepsData ? ["--appendonly", "yes", "--appendfsync", "always"] : []);
        Task<(int ExitCode, string Output, string Error)> run;
        await using (var proxy = new HoldingProxy(redis.Port, MaterializeData.Script(script), at, handsOnTheLast: true))
        {
            run = ZwmlProcess.RunAsync(data.Folder, "materialize", "--redis", proxy.Address);
            Assert.True(await Task.WhenAny(proxy.Held, run) == proxy.Held, "the run ended before the server could be killed");
            await redis.KillAsync(Token);
        }

        var (code, _, error) = await run;
        await redis.RestartAsync(Token);
        var readableMeanwhile = await CountReadableAsync(redis);
        await data.SucceedAsync("materialize", "--redis", redis.Address);

        Assert.NotEqual(0, code);
        Assert.Contains("online store", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal(readable, readableMeanwhile);
        Assert.Equal(await fixture.RowsAsync(), await MaterializeData.DumpAsync(redis));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Materialize_AShardLostWhatItAcknowledged_BringsItAgain(bool isEmpty)
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Token);
        await (await fixture.DataAsync()).SucceedAsync("materialize", "--redis", cluster.Addresses);
        var forgetful = await ShardWithoutLedgerAsync(cluster);
        if (!isEmpty)
        {
            // What it has until here it will have when it is started again.
            Assert.Equal("OK", await forgetful.SendAsync("SAVE", Token));
        }

        var appended = await fixture.AppendedAsync();
        await appended.SucceedAsync("materialize", "--redis", cluster.Addresses);
        var expected = await fixture.AppendedRowsAsync();
        Assert.Equal(expected, await MaterializeData.DumpAsync(cluster.Shards));
        await forgetful.KillAsync(Token);
        await forgetful.RestartAsync(Token);
        await cluster.WaitUntilWholeAsync(Token);
        Assert.NotEqual(expected, await MaterializeData.DumpAsync(cluster.Shards));

        await appended.SucceedAsync("materialize", "--redis", cluster.Addresses);

        Assert.Equal(expected, await MaterializeData.DumpAsync(cluster.Shards));
    }

    private static async Task<RedisServerProcess> ShardWithoutLedgerAsync(RedisClusterProcess cluster)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(cluster.Addresses);
        RedisServerProcess[] holders = [cluster.ShardOf(client.HashSlot("z1:default:ledger")), cluster.ShardOf(client.HashSlot("z1:default:coverage"))];
        return cluster.Shards.First(shard => !holders.Contains(shard));
    }

    /// <summary>Views that the store says may be read.</summary>
    private static async Task<int> CountReadableAsync(RedisServerProcess redis)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var nothingYet = long.MaxValue.ToString(CultureInfo.InvariantCulture);
        return (await client.GetDatabase().HashGetAllAsync("z1:default:coverage")).Count(entry => !entry.Value.ToString().StartsWith(nothingYet, StringComparison.Ordinal));
    }
}
