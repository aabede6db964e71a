using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Kafka;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Streams of events in Kafka.</summary>
public sealed class KafkaFeed : BrokerFeed
{
    /// <summary>Shorter than a test stands still, and longer than a poll: of a member that is silent for it the broker takes the partitions.</summary>
    public const string SettingsOfImpatience = "session.timeout.ms=1000;heartbeat.interval.ms=100;max.poll.interval.ms=1500";

    private KafkaTestCluster? _cluster;
    private KafkaEventSourceFactory? _factory;

    public override int CrashStride => 9;

    public string Brokers => _cluster!.Brokers;

    protected override string Kind => "kafka";

    protected override IEventSourceFactory Factory => _factory!;

    public override ValueTask InitializeAsync()
    {
        _cluster = new KafkaTestCluster();
        _factory = new KafkaEventSourceFactory(new KafkaStreamOptions { Brokers = Brokers, Settings = "session.timeout.ms=1000;heartbeat.interval.ms=100" }, TimeProvider.System, NullLogger<KafkaEventSourceFactory>.Instance);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _cluster!.Dispose();
        return ValueTask.CompletedTask;
    }

    internal override IEventSourceFactory CreateSilent() => new KafkaEventSourceFactory(
        new KafkaStreamOptions { Brokers = Brokers, Settings = SettingsOfImpatience }, new SilentTime(), NullLogger<KafkaEventSourceFactory>.Instance);

    // Another member, which is patient, is given the partitions when the silent one has lost them; it goes without having done anything.
    public override async Task ForgetMembersAsync(EventStream stream, CancellationToken cancellationToken)
    {
        await using var other = Factory.Open(stream);
        while ((await other.ReadAsync(1, TimeSpan.FromMilliseconds(100), cancellationToken)).Count == 0)
        {
        }
    }

    public override Task PublishAsync(EventStream stream, IReadOnlyList<string> events, CancellationToken cancellationToken) =>
        _cluster!.PublishAsync(stream.Topic, events.Index().Select(static item => new Message<string, string> { Key = $"{item.Index % 7}", Value = item.Item }), cancellationToken);

    public override async Task<IReadOnlyList<(string Event, string Reason)>> ReadRefusedAsync(EventStream stream, CancellationToken cancellationToken) =>
        [.. (await _cluster!.ReadAsync(stream.DeadLetterTopic, cancellationToken)).Select(static message => (message.Value, Encoding.UTF8.GetString(message.Headers.GetLastBytes("reason"))))];
}
