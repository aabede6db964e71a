using System.Text;
using StackExchange.Redis;
using Xunit;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

public sealed class RedisWorkStreamTests
{
    [Fact]
    public async Task FinishAsync_RepeatedEntryAndKey_TakesEffectOnce()
    {
        RedisServerProcess.SkipIfMissing();
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await RedisServerProcess.StartAsync(cancellationToken);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        var database = client.GetDatabase();
        foreach (var body in (string[])["one", "two", "one again"])
        {
            await database.StreamAddAsync("in", "body", body);
        }

        await using var first = await OpenAsync(server, "first", cancellationToken);
        await using var second = await OpenAsync(server, "second", cancellationToken);
        var taken = await first.TakeAsync(10, TimeSpan.Zero, cancellationToken);
        var stolen = await TakeAllAsync(second, 3, cancellationToken);
        WorkResult[] results = [Result(taken[0], "a"), Result(taken[1], "b"), Result(taken[2], "a")];

        Assert.Equal(["one", "two", "one again"], taken.Select(static entry => Encoding.UTF8.GetString(entry.Body.Span)));
        Assert.Equal(3, stolen);
        Assert.Equal([true, true, false], await first.FinishAsync(results, cancellationToken));
        Assert.Equal([false, false, false], await second.FinishAsync(results, cancellationToken));
        Assert.Equal(2, await database.StreamLengthAsync("out"));
        Assert.Equal((0, 0), await first.CountAsync(cancellationToken));
    }

    [Fact]
    public async Task FinishAsync_ServerOutOfMemory_ChangesNothing()
    {
        RedisServerProcess.SkipIfMissing();
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await RedisServerProcess.StartAsync(cancellationToken);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("in", "body", "one");
        await using var stream = await OpenAsync(server, "first", cancellationToken);
        var taken = await stream.TakeAsync(10, TimeSpan.Zero, cancellationToken);
        await server.SendAsync("CONFIG SET maxmemory 1", cancellationToken);

        await Assert.ThrowsAsync<FeatureException>(() => stream.FinishAsync([Result(taken[0], "a")], cancellationToken));
        await server.SendAsync("CONFIG SET maxmemory 0", cancellationToken);

        Assert.Equal((0, 1), await stream.CountAsync(cancellationToken));
        Assert.Equal([true], await stream.FinishAsync([Result(taken[0], "a")], cancellationToken));
    }

    [Theory]
    [InlineData("FLUSHALL", 0)]
    [InlineData("XGROUP DESTROY in g", 1)]
    public async Task TakeAsync_ServerThatLostTheGroup_MakesItAgain(string loss, int left)
    {
        RedisServerProcess.SkipIfMissing();
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await RedisServerProcess.StartAsync(cancellationToken);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("in", "body", "one");
        await using var stream = await OpenAsync(server, "first", cancellationToken);
        var before = await stream.TakeAsync(10, TimeSpan.Zero, cancellationToken);
        Assert.Equal([true], await stream.FinishAsync([Result(before[0], "a")], cancellationToken));
        await server.SendAsync(loss, cancellationToken);
        await client.GetDatabase().StreamAddAsync("in", "body", "two");

        // What was finished is remembered by its key, where that was not lost as well.
        var taken = await stream.TakeAsync(10, TimeSpan.Zero, cancellationToken);
        var took = await stream.FinishAsync([.. taken.Select(static entry => Result(entry, Encoding.UTF8.GetString(entry.Body.Span) == "one" ? "a" : "b"))], cancellationToken);

        Assert.Equal("two", Encoding.UTF8.GetString(taken[^1].Body.Span));
        Assert.Equal([.. Enumerable.Repeat(false, left), true], took);
        Assert.Equal((0, 0), await stream.CountAsync(cancellationToken));
    }

    [Fact]
    public async Task CountAsync_NoGroup_IsNothing()
    {
        RedisServerProcess.SkipIfMissing();
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await RedisServerProcess.StartAsync(cancellationToken);
        await using var stream = await OpenAsync(server, "first", cancellationToken);
        await server.SendAsync("XGROUP DESTROY in g", cancellationToken);

        Assert.Equal((0, 0), await stream.CountAsync(cancellationToken));
    }

    [Fact]
    public async Task OpenAsync_NoServer_IsUnavailable()
    {
        var error = await Assert.ThrowsAsync<FeatureException>(static () => RedisWorkStream.OpenAsync(
            new RedisWorkStreamOptions { Configuration = "127.0.0.1:1,connectTimeout=200", Stream = "in", Group = "g", Consumer = "c" }, TimeProvider.System, TestContext.Current.CancellationToken));

        Assert.Equal(FeatureError.StoreUnavailable, error.Error);
    }

    private static async Task<int> TakeAllAsync(RedisWorkStream stream, int expected, CancellationToken cancellationToken)
    {
        var count = 0;
        while (count < expected)
        {
            count += (await stream.TakeAsync(10, TimeSpan.FromSeconds(5), cancellationToken)).Count;
        }

        return count;
    }

    private static WorkResult Result(WorkEntry entry, string key) => new(entry.Id, key, [("out", entry.Body)]);

    private static Task<RedisWorkStream> OpenAsync(RedisServerProcess server, string consumer, CancellationToken cancellationToken) => RedisWorkStream.OpenAsync(
        new RedisWorkStreamOptions { Configuration = server.Address, Stream = "in", Group = "g", Consumer = consumer, AbandonedAfter = TimeSpan.Zero }, TimeProvider.System, cancellationToken);
}
