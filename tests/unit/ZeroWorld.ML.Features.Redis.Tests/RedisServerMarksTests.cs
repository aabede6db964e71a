using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>Servers that are told from themselves after they were started again (docs/formats/materialization-ledger.md, Marks).</summary>
public sealed class RedisServerMarksTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryMarkAsync_AfterTheServerWasStartedAgain_RefusesAndMarksNothing()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, "--appendonly", "yes", "--appendfsync", "always");
        await using var store = Stores.Create(server.Address);
        var servers = await store.ReadServersAsync(TestViews.Profile, Cancellation);
        Assert.True(await store.TryMarkAsync(TestViews.Profile, servers, [3], 10, long.MaxValue, Cancellation));

        await server.KillAsync(Cancellation);
        await server.RestartAsync(Cancellation);

        // The client needs a moment to see that it is back.
        while (await Record.ExceptionAsync(() => store.ReadServersAsync(TestViews.Profile, Cancellation)) is { } exception)
        {
            Assert.Equal(FeatureError.StoreUnavailable, Assert.IsType<FeatureException>(exception).Error);
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }

        Assert.False(await store.TryMarkAsync(TestViews.Profile, servers, [3], 20, long.MaxValue, Cancellation));
        Assert.Equal(10, (await store.ReadMarksAsync(TestViews.Profile, [0], Cancellation))[3]);
        Assert.NotEqual(servers, await store.ReadServersAsync(TestViews.Profile, Cancellation));
    }
}
