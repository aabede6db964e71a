using Confluent.Kafka;

namespace ZeroWorld.ML.Testing;

/// <summary>The cluster of three brokers that librdkafka itself brings for tests: in this process, over loopback, by the real protocol.</summary>
/// <remarks>
/// It takes transactions, but keeps no offsets that come with them, shows readers what was never committed and lets a producer go on whose name another took
/// (rdkafka_mock_handlers.c: TxnOffsetCommit, Fetch, InitProducerId). So a worker that died finds its entries again from the first on, beside outputs of the batch that it died in.
/// </remarks>
public sealed class KafkaTestCluster : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private readonly IProducer<string, string> _producer;
    private readonly IAdminClient _admin;

    public KafkaTestCluster()
    {
        var config = new ProducerConfig { BootstrapServers = "unused:9092" };
        config.Set("test.mock.num.brokers", "3");
        _producer = new ProducerBuilder<string, string>(config).SetLogHandler(static (_, _) => { }).Build();
        _admin = new DependentAdminClientBuilder(_producer.Handle).Build();
        Brokers = string.Join(',', _admin.GetMetadata(Timeout).Brokers.Select(static broker => $"{broker.Host}:{broker.Port}"));
        KafkaMockCluster.StartGroupsAtOnce(_producer);
    }

    public string Brokers { get; }

    public void Dispose()
    {
        _admin.Dispose();
        _producer.Dispose();
    }

    public Task PublishAsync(string topic, IEnumerable<Message<string, string>> messages, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            foreach (var message in messages)
            {
                _producer.Produce(topic, message);
            }

            _producer.Flush(cancellationToken);
        },
        cancellationToken);

    /// <summary>All messages of a topic, whoever wrote them; none where there is no topic.</summary>
    public Task<List<Message<byte[], string>>> ReadAsync(string topic, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var consumer = new ConsumerBuilder<byte[], string>(
                new ConsumerConfig { BootstrapServers = Brokers, GroupId = "reader", EnablePartitionEof = true, FetchWaitMaxMs = 50, IsolationLevel = IsolationLevel.ReadCommitted }).Build();
            var partitions = PartitionsOf(topic);
            consumer.Assign(partitions.Select(static partition => new TopicPartitionOffset(partition, Offset.Beginning)));
            var (messages, ends) = (new List<Message<byte[], string>>(), 0);
            while (ends < partitions.Count)
            {
                var result = consumer.Consume(cancellationToken);
                if (result.IsPartitionEOF)
                {
                    ends++;
                }
                else
                {
                    messages.Add(result.Message);
                }
            }

            return messages;
        },
        cancellationToken);

    /// <summary>Messages of a topic and marks of transactions between them, as they are counted by offsets.</summary>
    public Task<long> CountAsync(string topic, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = Brokers, GroupId = "counter" }).Build();
            return PartitionsOf(topic).Sum(partition => consumer.QueryWatermarkOffsets(partition, Timeout).High.Value);
        },
        cancellationToken);

    private List<TopicPartition> PartitionsOf(string topic) =>
        [.. _admin.GetMetadata(topic, Timeout).Topics[0].Partitions.Select(partition => new TopicPartition(topic, partition.PartitionId))];
}
