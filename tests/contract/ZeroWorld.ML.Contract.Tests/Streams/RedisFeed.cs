using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A real redis-server.</summary>
public sealed class RedisFeed : BrokerFeed
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private RedisServerProcess? _server;
    private RedisEventSourceFactory? _factory;
    private RedisEventSourceFactory? _silent;
    private ConnectionMultiplexer? _client;

    protected override string Kind => "redis";

    protected override IEventSourceFactory Factory => _factory!;

    private IDatabase Database => _client!.GetDatabase();

    public override async ValueTask InitializeAsync()
    {
        if (!RedisServerProcess.IsInstalled)
        {
            return;
        }

        _server = await RedisServerProcess.StartAsync(CancellationToken.None);
        _factory = new RedisEventSourceFactory(
            new RedisStreamOptions { Configuration = _server.Address, PollPause = TimeSpan.FromMilliseconds(1) }, new RedisOnlineStoreOptions(), TimeProvider.System, NullLogger<RedisEventSourceFactory>.Instance);
        _silent = new RedisEventSourceFactory(
            new RedisStreamOptions { Configuration = _server.Address, ClaimIdle = Hour / 2 }, new RedisOnlineStoreOptions(), new SilentTime(), NullLogger<RedisEventSourceFactory>.Instance);
        _client = await ConnectionMultiplexer.ConnectAsync(_server.Address);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _factory!.DisposeAsync();
            await _silent!.DisposeAsync();
            await _client!.DisposeAsync();
            await _server.DisposeAsync();
        }
    }

    internal override IEventSourceFactory CreateSilent() => _silent!;

    public override async Task ForgetMembersAsync(EventStream stream, CancellationToken cancellationToken)
    {
        foreach (var entry in await Database.StreamPendingMessagesAsync(stream.Topic, stream.Group, int.MaxValue, RedisValue.Null))
        {
            await Database.ExecuteAsync("XCLAIM", stream.Topic, stream.Group, entry.ConsumerName, "0", entry.MessageId, "IDLE", (long)Hour.TotalMilliseconds, "JUSTID");
        }
    }

    public override async Task PublishAsync(EventStream stream, IReadOnlyList<string> events, CancellationToken cancellationToken)
    {
        RedisServerProcess.SkipIfMissing();
        foreach (var item in events)
        {
            await Database.StreamAddAsync(stream.Topic, "event", item);
        }
    }

    public override async Task<IReadOnlyList<(string Event, string Reason)>> ReadRefusedAsync(EventStream stream, CancellationToken cancellationToken) =>
        [.. (await Database.StreamRangeAsync(stream.DeadLetterTopic)).Select(static entry => (entry["event"].ToString(), entry["reason"].ToString()))];
}
