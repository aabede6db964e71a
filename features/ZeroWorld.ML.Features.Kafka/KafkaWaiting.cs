using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Counts what waits in a topic for a group. Not thread safe.</summary>
/// <remarks>Over a connection of its own that fetches nothing: a broker answers a connection in order, and a fetch that waits for messages is not answered for half a second.</remarks>
internal sealed class KafkaWaiting(KafkaStreamOptions options, string topic, string group, Action<Error> onError) : IDisposable
{
    private IConsumer<byte[], byte[]>? _consumer;

    /// <param name="next">By partition what comes next, where that is known; of the others what the group has committed counts.</param>
    /// <returns><see langword="null"/> where there is no such topic.</returns>
    /// <exception cref="KafkaException">A broker does not answer in time.</exception>
    public long? Count(IReadOnlyDictionary<int, long> next)
    {
        _consumer ??= Open();
        using var admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, options.Timeout).Topics
            .SelectMany(static topic => topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))).ToList();
        var waiting = 0L;
        foreach (var committed in partitions.Count == 0 ? [] : _consumer.Committed(partitions, options.Timeout))
        {
            var marks = _consumer.QueryWatermarkOffsets(committed.TopicPartition, options.Timeout);
            var first = next.GetValueOrDefault(committed.Partition.Value, committed.Offset.IsSpecial ? marks.Low : committed.Offset);
            waiting += Math.Max(0, marks.High - Math.Max(first, marks.Low));
        }

        return partitions.Count == 0 ? null : waiting;
    }

    public void Dispose() => _consumer?.Dispose();

    private IConsumer<byte[], byte[]> Open()
    {
        var config = new ConsumerConfig { BootstrapServers = options.Brokers, GroupId = group };
        options.ApplyTo(config);
        config.EnableAutoCommit = false;
        return new ConsumerBuilder<byte[], byte[]>(config).SetErrorHandler((_, error) => onError(error)).SetLogHandler(static (_, _) => { }).Build();
    }
}
