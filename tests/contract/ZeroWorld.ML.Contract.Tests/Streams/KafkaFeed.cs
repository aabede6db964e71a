using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Kafka;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The cluster of three brokers that librdkafka itself brings for tests: in this process, over loopback, by the real protocol.</summary>
public sealed class KafkaFeed : BrokerFeed
{
    private IProducer<string, string>? _producer;
    private KafkaEventSourceFactory? _factory;

    public override int CrashStride => 9;

    public string Brokers { get; private set; } = "";

    protected override string Kind => "kafka";

    protected override IEventSourceFactory Factory => _factory!;

    public override ValueTask InitializeAsync()
    {
        var config = new ProducerConfig { BootstrapServers = "unused:9092" };
        config.Set("test.mock.num.brokers", "3");
        _producer = new ProducerBuilder<string, string>(config).SetLogHandler(static (_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(_producer.Handle).Build();
        Brokers = string.Join(',', admin.GetMetadata(TimeSpan.FromSeconds(20)).Brokers.Select(static broker => $"{broker.Host}:{broker.Port}"));
        KafkaMockCluster.StartGroupsAtOnce(_producer);
        _factory = new KafkaEventSourceFactory(new KafkaStreamOptions { Brokers = Brokers, Settings = "session.timeout.ms=1000;heartbeat.interval.ms=100" }, NullLogger<KafkaEventSourceFactory>.Instance);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _producer!.Dispose();
        return ValueTask.CompletedTask;
    }

    public override async Task PublishAsync(EventStream stream, IReadOnlyList<string> events, CancellationToken cancellationToken)
    {
        foreach (var (index, item) in events.Index())
        {
            _producer!.Produce(stream.Topic, new Message<string, string> { Key = $"{index % 7}", Value = item });
        }

        await Task.Run(() => _producer!.Flush(cancellationToken), cancellationToken);
    }

    public override Task<IReadOnlyList<(string Event, string Reason)>> ReadRefusedAsync(EventStream stream, CancellationToken cancellationToken) => Task.Run<IReadOnlyList<(string, string)>>(
        () =>
        {
            using var consumer = new ConsumerBuilder<byte[], string>(new ConsumerConfig { BootstrapServers = Brokers, GroupId = "test", EnablePartitionEof = true }).Build();
            using var admin = new DependentAdminClientBuilder(_producer!.Handle).Build();
            var partitions = admin.GetMetadata(stream.DeadLetterTopic, TimeSpan.FromSeconds(20)).Topics[0].Partitions;
            consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(stream.DeadLetterTopic, partition.PartitionId, Offset.Beginning)));
            var (letters, ends) = (new List<(string, string)>(), 0);
            while (ends < partitions.Count)
            {
                var result = consumer.Consume(cancellationToken);
                if (result.IsPartitionEOF)
                {
                    ends++;
                }
                else
                {
                    letters.Add((result.Message.Value, Encoding.UTF8.GetString(result.Message.Headers.GetLastBytes("reason"))));
                }
            }

            return letters;
        },
        cancellationToken);
}
