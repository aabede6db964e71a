using Grpc.Core;
using Inference;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client.Tests;

/// <summary>Where calls go with several servers, and which of them are made again.</summary>
public sealed class BalancingTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_TwoServers_TakeTurnsAndTheBusyOneGetsNone()
    {
        var (first, second) = (new FakeServer(), new FakeServer());
        using var client = Client(first, second);

        for (var call = 0; call < 10; call++)
        {
            await InferAsync(client);
        }

        Assert.Equal((5, 5), (first.Calls, second.Calls));
        first.Hold();
        second.Hold();
        Task[] held = [InferAsync(client), InferAsync(client)];
        Assert.Equal((6, 6), (first.Calls, second.Calls));

        // Both hold one: the one that lets go has the fewest, and gets all that come one by one.
        second.Open();
        await Task.WhenAny(held).WaitAsync(Cancellation);
        for (var call = 0; call < 4; call++)
        {
            await InferAsync(client);
        }

        Assert.Equal((6, 10), (first.Calls, second.Calls));
        first.Open();
        await Task.WhenAll(held).WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Call_ServerIsGone_IsMadeOnTheOtherAndTheNextOnesToo()
    {
        var (gone, well) = (new FakeServer { Failure = StatusCode.Unavailable }, new FakeServer());
        using var client = Client(gone, well);

        for (var call = 0; call < 6; call++)
        {
            await InferAsync(client);
        }

        Assert.Equal((1, 6), (gone.Calls, well.Calls));
    }

    [Fact]
    public async Task Health_ServerIsReadyAgain_GetsCallsAgain()
    {
        var (first, second) = (new FakeServer { Failure = StatusCode.Unavailable }, new FakeServer());
        using var client = Client(first, second);
        await InferAsync(client);
        await InferAsync(client);
        first.Failure = null;

        _time.Advance(TimeSpan.FromSeconds(1));
        for (var call = 0; call < 4; call++)
        {
            await InferAsync(client);
        }

        Assert.Equal(3, first.Calls);
    }

    [Fact]
    public async Task Health_ServerSaysThatItIsNotReady_GetsNoCalls()
    {
        var (draining, well) = (new FakeServer { IsReady = false }, new FakeServer());
        using var client = Client(draining, well);
        _time.Advance(TimeSpan.FromSeconds(1));

        for (var call = 0; call < 4; call++)
        {
            await InferAsync(client);
        }

        Assert.Equal((0, 4), (draining.Calls, well.Calls));
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument)]
    [InlineData(StatusCode.DeadlineExceeded)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)]
    public async Task Call_OneServerFails_OnlyUnavailableIsMadeAgain(StatusCode code)
    {
        var server = new FakeServer { Failure = code };
        using var client = Client(server);

        var exception = await Assert.ThrowsAsync<RpcException>(() => InferAsync(client));

        Assert.Equal((code, 1), (exception.StatusCode, server.Calls));
    }

    [Fact]
    public async Task Call_NoRoomOnOneOfTwo_IsMadeOnTheOther()
    {
        var (full, well) = (new FakeServer { Failure = StatusCode.ResourceExhausted }, new FakeServer());
        using var client = Client(full, well);

        await InferAsync(client);
        await InferAsync(client);

        Assert.Equal(2, well.Calls);
        Assert.True(full.Calls >= 1);
    }

    [Fact]
    public async Task Call_OneServerIsGone_IsMadeAgainAfterGrowingDelays()
    {
        var server = new FakeServer { Failure = StatusCode.Unavailable };
        using var client = Client(server);

        var call = InferAsync(client);
        Assert.Equal(1, server.Calls);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        await server.ReachedAsync(2);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.Equal(2, server.Calls);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.WaitAsync(Cancellation));

        Assert.Equal((StatusCode.Unavailable, 3), (exception.StatusCode, server.Calls));
    }

    [Fact]
    public async Task Call_ThatChangesSomething_IsNeverMadeAgain()
    {
        var (first, second) = (new FakeServer { Failure = StatusCode.Unavailable }, new FakeServer { Failure = StatusCode.Unavailable });
        using var client = Client(first, second);

        await Assert.ThrowsAsync<RpcException>(async () => await client.Registry.SetAliasAsync(new SetAliasRequest(), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<RpcException>(async () => await client.Features.PushEventsAsync(new PushEventsRequest(), cancellationToken: Cancellation));

        Assert.Equal(2, first.Calls + second.Calls);
    }

    [Fact]
    public async Task Call_OfASequence_IsNeverMadeAgain()
    {
        var (first, second) = (new FakeServer { Failure = StatusCode.Unavailable }, new FakeServer { Failure = StatusCode.Unavailable });
        using var client = Client(first, second);
        var request = new ModelInferRequest { ModelName = "m", Parameters = { ["sequence_id"] = new InferParameter { Int64Param = 5 } } };
        var sequence = client.BeginSequence("m");

        await Assert.ThrowsAsync<RpcException>(async () => await client.Inference.ModelInferAsync(request, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<RpcException>(() => sequence.InferAsync([], cancellationToken: Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(() => sequence.InferAsync([], cancellationToken: Cancellation));

        Assert.Equal(2, first.Calls + second.Calls);
    }

    [Fact]
    public async Task Call_EverythingFails_RetriesEndWithTheBudget()
    {
        var (first, second) = (new FakeServer { Failure = StatusCode.ResourceExhausted }, new FakeServer { Failure = StatusCode.ResourceExhausted });
        using var client = Client(new ZeroWorldClientOptions { TimeProvider = _time, RetriesMax = 1 }, first, second);

        for (var call = 0; call < 50; call++)
        {
            await Assert.ThrowsAsync<RpcException>(() => InferAsync(client));
        }

        Assert.Equal(60, first.Calls + second.Calls);
    }

    [Fact]
    public async Task Call_DeadlineLeavesNoTimeForTheDelay_IsNotMadeAgain()
    {
        var server = new FakeServer { Failure = StatusCode.Unavailable };
        using var client = Client(server);

        var query = new InferenceQuery { Model = "m", Inputs = [], Timeout = TimeSpan.FromMilliseconds(10) };
        await Assert.ThrowsAsync<RpcException>(() => client.InferAsync(query, Cancellation));

        Assert.Equal(1, server.Calls);
    }

    private static Task<IReadOnlyList<WireTensor>> InferAsync(ZeroWorldClient client) => client.InferAsync("m", [], cancellationToken: Cancellation);

    private ZeroWorldClient Client(params FakeServer[] servers) => Client(new ZeroWorldClientOptions { TimeProvider = _time }, servers);

    private static ZeroWorldClient Client(ZeroWorldClientOptions options, params FakeServer[] servers) =>
        new([.. servers.Select(static server => new ServerEndpoint(server, null))], options);
}
