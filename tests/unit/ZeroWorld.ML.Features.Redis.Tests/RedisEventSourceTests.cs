using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

public sealed class RedisEventSourceTests
{
    private static readonly EventStream Stream = new()
    {
        Project = "default", Name = "payments", Kind = EventStreamKind.Redis, Topic = "tx", Group = "g", DeadLetterTopic = "{tx}.dead",
        Columns = [new StreamColumn("X", FeatureType.Int64, "x")],
    };

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_Garnet_SaysThatItHasNoStreams()
    {
        await using var garnet = new GarnetHost(new GarnetHostOptions(), TimeProvider.System, NullLogger<GarnetHost>.Instance);
        await garnet.StartAsync(Token);
        await using var factory = Factory(garnet.Configuration);

        var failure = await Assert.ThrowsAsync<FeatureException>(() => factory.Open(Stream).ReadAsync(1, TimeSpan.Zero, Token));

        Assert.Equal(FeatureError.InvalidInput, failure.Error);
        Assert.Contains("has no streams", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_FullServer_LeavesNoDeadLetterAndNothingDone()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token, "--maxmemory-policy", "noeviction");
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("tx", "event", "poison");
        await using var factory = Factory(server.Address);
        var source = factory.Open(Stream);
        var events = await source.ReadAsync(10, TimeSpan.FromSeconds(5), Token);
        await server.SendAsync("CONFIG SET maxmemory 1", Token);

        var failure = await Assert.ThrowsAsync<FeatureException>(() => source.CommitAsync(events, [new DeadLetter(events[0], "why")], Token));

        Assert.Equal(FeatureError.StoreUnavailable, failure.Error);
        Assert.False(await client.GetDatabase().KeyExistsAsync("{tx}.dead"));
        Assert.Equal(1, (await client.GetDatabase().StreamPendingAsync("tx", "g")).PendingMessageCount);
        await server.SendAsync("CONFIG SET maxmemory 0", Token);
        await source.CommitAsync(events, [new DeadLetter(events[0], "why")], Token);
        Assert.Equal(("poison", "why"), await ReadDeadLetterAsync(client));
        Assert.Equal(0, (await client.GetDatabase().StreamPendingAsync("tx", "g")).PendingMessageCount);
    }

    [Fact]
    public async Task CommitAsync_ClusterWithDeadLettersOnAnotherSlot_KeepsThemAndGoesOn()
    {
        RedisServerProcess.SkipIfMissing();
        await using var cluster = await RedisClusterProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(cluster.Addresses);
        await client.GetDatabase().StreamAddAsync("tx", "event", "poison");
        await using var factory = Factory(cluster.Addresses);
        var source = factory.Open(Stream with { DeadLetterTopic = "elsewhere" });
        Assert.NotEqual(client.HashSlot("tx"), client.HashSlot("elsewhere"));
        var events = await source.ReadAsync(10, TimeSpan.FromSeconds(5), Token);

        await source.CommitAsync(events, [new DeadLetter(events[0], "why")], Token);

        Assert.Equal("why", (await client.GetDatabase().StreamRangeAsync("elsewhere")).Single()["reason"].ToString());
        Assert.Equal(0, (await client.GetDatabase().StreamPendingAsync("tx", "g")).PendingMessageCount);
    }

    [Fact]
    public async Task ReadAsync_ServerThatCameBackEmpty_GoesOnWithWhatComes()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await using var factory = Factory(server.Address);
        var source = factory.Open(Stream);
        Assert.Empty(await source.ReadAsync(10, TimeSpan.Zero, Token));
        await server.SendAsync("FLUSHALL", Token);
        await client.GetDatabase().StreamAddAsync("tx", "anything", "first");

        var failure = await Assert.ThrowsAsync<FeatureException>(() => source.ReadAsync(10, TimeSpan.FromSeconds(5), Token));
        var events = await source.ReadAsync(10, TimeSpan.FromSeconds(5), Token);

        Assert.Equal(FeatureError.StoreUnavailable, failure.Error);
        Assert.Equal("first", Encoding.UTF8.GetString(events.Single().Value.Span));
    }

    [Fact]
    public async Task ReadAsync_TwoReadersOfOneMachineWithoutANameOfTheirOwn_AreTwoMembers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Names are claimed by sockets in the abstract namespace, which Linux alone has.");
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("tx", "event", "in hand");
        await using var first = Factory(server.Address, member: null);
        await using var second = Factory(server.Address, member: null);
        await using var asking = Factory(server.Address, member: null);

        var inHand = await first.Open(Stream).ReadAsync(10, TimeSpan.FromSeconds(5), Token);
        var lag = await asking.Open(Stream).ReadLagAsync(Token);
        var others = await second.Open(Stream).ReadAsync(10, TimeSpan.Zero, Token);

        Assert.Single(inHand);
        Assert.Empty(others);
        Assert.Equal(1, lag);
        string[] members = [.. (await client.GetDatabase().StreamConsumerInfoAsync("tx", "g")).Select(static member => member.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(2, members.Length);
        Assert.All(members, static member => Assert.StartsWith(Environment.MachineName, member, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadAsync_EntriesOfAMemberThatNeverCameBack_AreTakenOver()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("tx", "event", "left");
        await using var gone = Factory(server.Address, "gone");
        Assert.Single(await gone.Open(Stream).ReadAsync(10, TimeSpan.FromSeconds(5), Token));
        await using var factory = Factory(server.Address, "other", claimIdle: TimeSpan.FromMilliseconds(100));

        var source = factory.Open(Stream);
        var events = await ReadSomeAsync(source);

        Assert.Equal("left", Encoding.UTF8.GetString(events.Single().Value.Span));
    }

    [Fact]
    public async Task ReadAsync_EntriesInHandForLongerThanTheClaim_AreNotGivenAgain()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.GetDatabase().StreamAddAsync("tx", "event", "in hand")));
        var time = new FakeTimeProvider();
        await using var factory = Factory(server.Address, claimIdle: Hour / 2, time: time);
        var source = factory.Open(Stream);
        var events = await source.ReadAsync(10, TimeSpan.Zero, Token);
        await LetLieAsync(client, "me", Hour, [.. events.Select(static item => item.Position)]);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(await source.ReadAsync(10, TimeSpan.Zero, Token));
        await source.CommitAsync(events, [], Token);
        await client.GetDatabase().StreamAddAsync("tx", "event", "next");
        time.Advance(TimeSpan.FromSeconds(1));
        var next = await source.ReadAsync(10, TimeSpan.Zero, Token);

        Assert.Equal(3, events.Count);
        Assert.Equal("next", Encoding.UTF8.GetString(next.Single().Value.Span));
    }

    [Fact]
    public async Task ReadAsync_EntriesThatALivingMemberHasInHand_AreLeftWithIt()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.GetDatabase().StreamAddAsync("tx", "event", "in hand")));
        var time = new FakeTimeProvider();
        await using var living = Factory(server.Address, "living", claimIdle: Hour / 2, time: time);
        await using var source = living.Open(Stream);
        string[] ids = [.. (await source.ReadAsync(10, TimeSpan.Zero, Token)).Select(static item => item.Position)];
        await LetLieAsync(client, "living", Hour, ids);
        await LetLieAsync(client, "thief", Hour, ids[0]);

        while ((await ReadPendingAsync(client, ids[2])).IdleTimeInMilliseconds >= (Hour / 2).TotalMilliseconds)
        {
            time.Advance(Hour / 8);
        }

        Assert.True((await ReadPendingAsync(client, ids[1])).IdleTimeInMilliseconds < (Hour / 2).TotalMilliseconds);
        await using var factory = Factory(server.Address, "other", claimIdle: Hour / 2);
        var events = await factory.Open(Stream).ReadAsync(10, TimeSpan.Zero, Token);

        Assert.Equal(ids[0], events.Single().Position);
        Assert.Equal("living", (await ReadPendingAsync(client, ids[1])).ConsumerName);
        Assert.Equal("living", (await ReadPendingAsync(client, ids[2])).ConsumerName);
    }

    [Fact]
    public async Task CommitAsync_RepeatedSinceItsAnswerWasLost_WritesOneDeadLetter()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("tx", "event", "poison");
        await using var factory = Factory(server.Address);
        var source = factory.Open(Stream);
        var events = await source.ReadAsync(10, TimeSpan.FromSeconds(5), Token);

        await source.CommitAsync(events, [new DeadLetter(events[0], "why")], Token);
        await source.CommitAsync(events, [new DeadLetter(events[0], "why")], Token);

        Assert.Equal(("poison", "why"), await ReadDeadLetterAsync(client));
    }

    [Fact]
    public async Task CommitAsync_GroupThatSomebodyDestroyed_WritesTheLetterAndGivesNothingTwice()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await client.GetDatabase().StreamAddAsync("tx", "event", "poison");
        await client.GetDatabase().StreamAddAsync("tx", "event", "good");
        await using var factory = Factory(server.Address);
        var source = factory.Open(Stream);
        var events = await source.ReadAsync(10, TimeSpan.FromSeconds(5), Token);
        await client.GetDatabase().StreamDeleteConsumerGroupAsync("tx", "g");

        await Assert.ThrowsAsync<FeatureException>(() => source.ReadAsync(10, TimeSpan.Zero, Token));
        var again = await source.ReadAsync(10, TimeSpan.Zero, Token);
        await source.CommitAsync(events, [new DeadLetter(events[0], "why")], Token);

        Assert.Empty(again);
        Assert.Equal(("poison", "why"), await ReadDeadLetterAsync(client));
        Assert.Equal(0, await source.ReadLagAsync(Token));
    }

    // A claim of the server looks at ten times as many entries as it may give: those of the member that is gone lie behind them.
    [Fact]
    public async Task ReadAsync_EntriesOfAMemberThatNeverCameBackBehindManyUnderWay_AreTakenOver()
    {
        const int UnderWay = 300;
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await Task.WhenAll(Enumerable.Range(0, UnderWay + 1).Select(index => client.GetDatabase().StreamAddAsync("tx", "event", index < UnderWay ? "busy" : "left")));
        await using var busy = Factory(server.Address, "busy");
        var busySource = busy.Open(Stream);
        for (var read = 0; read < UnderWay;)
        {
            read += (await busySource.ReadAsync(UnderWay - read, TimeSpan.FromSeconds(5), Token)).Count;
        }

        await using var gone = Factory(server.Address, "gone");
        var left = Assert.Single(await gone.Open(Stream).ReadAsync(10, TimeSpan.FromSeconds(5), Token));
        await LetLieAsync(client, "gone", Hour, left.Position);
        await using var factory = Factory(server.Address, "other", claimIdle: Hour / 2);

        var source = factory.Open(Stream);
        var events = await ReadSomeAsync(source);

        Assert.Equal(left.Position, events.Single().Position);
    }

    [Fact]
    public async Task ReadAsync_EntriesTrimmedWhileTheyWereUnderWay_AreForgotten()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await using (var before = Factory(server.Address))
        {
            await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.GetDatabase().StreamAddAsync("tx", "event", "trimmed")));
            Assert.Equal(5, (await before.Open(Stream).ReadAsync(10, TimeSpan.FromSeconds(5), Token)).Count);
        }

        await client.GetDatabase().StreamAddAsync("tx", "event", "kept");
        await client.GetDatabase().StreamTrimAsync("tx", 1);
        await using var factory = Factory(server.Address);
        var source = factory.Open(Stream);

        var events = await source.ReadAsync(10, TimeSpan.FromSeconds(5), Token);
        await source.CommitAsync(events, [], Token);

        Assert.Equal("kept", Encoding.UTF8.GetString(events.Single().Value.Span));
        Assert.Equal(0, (await client.GetDatabase().StreamPendingAsync("tx", "g")).PendingMessageCount);
    }

    private static async Task<IReadOnlyList<StreamEvent>> ReadSomeAsync(IEventSource source)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await source.ReadAsync(10, TimeSpan.FromMilliseconds(50), limit.Token) is { Count: > 0 } events)
            {
                return events;
            }
        }
    }

    private static Task<RedisResult> LetLieAsync(ConnectionMultiplexer client, string member, TimeSpan idle, params string[] ids) =>
        client.GetDatabase().ExecuteAsync("XCLAIM", ["tx", "g", member, "0", .. ids, "IDLE", (long)idle.TotalMilliseconds, "JUSTID"]);

    private static async Task<StreamPendingMessageInfo> ReadPendingAsync(ConnectionMultiplexer client, string id) =>
        (await client.GetDatabase().StreamPendingMessagesAsync("tx", "g", 1, RedisValue.Null, id, id)).Single();

    private static async Task<(string Event, string Reason)> ReadDeadLetterAsync(ConnectionMultiplexer client)
    {
        var entry = (await client.GetDatabase().StreamRangeAsync("{tx}.dead")).Single();
        return (entry["event"].ToString(), entry["reason"].ToString());
    }

    private static RedisEventSourceFactory Factory(string configuration, string? member = "me", TimeSpan? claimIdle = null, TimeProvider? time = null) => new(
        new RedisStreamOptions
        {
            Configuration = configuration, Member = member, ClaimInterval = TimeSpan.FromMilliseconds(100), ClaimIdle = claimIdle ?? TimeSpan.FromMinutes(2),
        },
        new RedisOnlineStoreOptions(), time ?? TimeProvider.System, NullLogger<RedisEventSourceFactory>.Instance);
}
