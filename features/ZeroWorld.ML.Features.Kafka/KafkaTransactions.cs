using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Transactions of one worker's name: a second producer of the name ends those of the first. Not thread safe.</summary>
internal sealed class KafkaTransactions(KafkaWorkStreamOptions options, Action<Error> onError) : IDisposable
{
    private IProducer<byte[], byte[]>? _producer;

    /// <summary>Connects where no producer is there, and waits until what one before began is done or undone.</summary>
    /// <returns>Whether it had to.</returns>
    /// <exception cref="KafkaException">No broker takes the name.</exception>
    public bool Open()
    {
        if (_producer is not null)
        {
            return false;
        }

        var config = new ProducerConfig
        {
            BootstrapServers = options.Kafka.Brokers,
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = 5,
            SocketConnectionSetupTimeoutMs = Math.Max(1000, (int)options.Kafka.Timeout.TotalMilliseconds),
        };
        options.Kafka.ApplyTo(config);
        config.TransactionalId = $"{options.Group}.{options.Worker}";
        var producer = new ProducerBuilder<byte[], byte[]>(config).SetErrorHandler((_, error) => onError(error)).SetLogHandler(static (_, _) => { }).Build();
        try
        {
            producer.InitTransactions(options.Kafka.Timeout);
        }
        catch
        {
            producer.Dispose();
            throw;
        }

        _producer = producer;
        return true;
    }

    /// <summary>One transaction: what is produced, and how far its partitions are finished.</summary>
    /// <exception cref="KafkaException">It is undone, or, where no producer is left, nobody knows yet whether it is done.</exception>
    public void Commit(Action<IProducer<byte[], byte[]>> produce, IEnumerable<TopicPartitionOffset> offsets, IConsumerGroupMetadata member)
    {
        _producer!.BeginTransaction();
        try
        {
            produce(_producer);
            _producer.SendOffsetsToTransaction(offsets, member, options.Kafka.Timeout);
            _producer.CommitTransaction(options.Kafka.Timeout);
        }
        catch (Exception exception)
        {
            Abort(exception);
            throw;
        }
    }

    public void Dispose() => _producer?.Dispose();

    // After a fatal error, as when another process took this worker's name, or a commit without an answer, the producer is of no use: the next call makes a new one.
    private void Abort(Exception cause)
    {
        try
        {
            if (cause is KafkaException { Error.IsFatal: false } or InvalidOperationException)
            {
                _producer!.AbortTransaction(options.Kafka.Timeout);
                return;
            }
        }
        catch (KafkaException)
        {
            // The broker undoes what began, or does what it had begun to commit, when a producer of this name opens again.
        }

        _producer!.Dispose();
        _producer = null;
    }
}
