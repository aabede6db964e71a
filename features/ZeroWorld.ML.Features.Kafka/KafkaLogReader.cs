using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Reads what a topic holds now, all partitions as one, by the messages' times. Not thread safe.</summary>
internal sealed class KafkaLogReader : IDisposable
{
    // Messages of one partition that wait for those of the others.
    private const int AheadMax = 256;

    private readonly KafkaStreamOptions _options;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly Dictionary<TopicPartition, Partition> _partitions = [];

    /// <exception cref="KafkaException">No broker answers in time.</exception>
    public KafkaLogReader(KafkaStreamOptions options, string topic, Action<string> onError)
    {
        _options = options;

        // The group is nobody's: nothing is committed.
        var config = new ConsumerConfig { BootstrapServers = options.Brokers, GroupId = $"{topic}.reader", QueuedMaxMessagesKbytes = 32 << 10, FetchWaitMaxMs = 100 };
        options.ApplyTo(config);
        (config.EnableAutoCommit, config.EnablePartitionEof, config.IsolationLevel) = (false, true, IsolationLevel.ReadCommitted);
        _consumer = new ConsumerBuilder<byte[], byte[]>(config).SetErrorHandler((_, error) => onError(error.Reason)).SetLogHandler(static (_, _) => { }).Build();
        try
        {
            Assign(topic);
        }
        catch
        {
            _consumer.Dispose();
            throw;
        }
    }

    /// <summary>The next message, oldest first.</summary>
    /// <returns><see langword="false"/>: all that was there has been read.</returns>
    /// <exception cref="KafkaException">A broker does not answer in time.</exception>
    public bool TryRead(CancellationToken cancellationToken, [NotNullWhen(true)] out ConsumeResult<byte[], byte[]>? message)
    {
        // Of each partition the next one must be known: one that is older may come of any.
        while (_partitions.Values.Any(static partition => !partition.IsEnd && partition.Ahead.Count == 0))
        {
            Take(cancellationToken);
        }

        var oldest = _partitions.Values.Where(static partition => partition.Ahead.Count > 0).MinBy(static partition => partition.Ahead.Peek().Message.Timestamp.UnixTimestampMs);
        message = oldest?.Ahead.Dequeue();
        if (oldest is { IsPaused: true, Ahead.Count: 0 })
        {
            oldest.IsPaused = false;
            _consumer.Resume([message!.TopicPartition]);
        }

        return message is not null;
    }

    /// <summary>The next messages, oldest first, so many at most; none: all that was there has been read.</summary>
    /// <exception cref="KafkaException">A broker does not answer in time.</exception>
    public List<ConsumeResult<byte[], byte[]>> ReadPage(int most, CancellationToken cancellationToken)
    {
        var page = new List<ConsumeResult<byte[], byte[]>>();
        while (page.Count < most && TryRead(cancellationToken, out var message))
        {
            page.Add(message);
        }

        return page;
    }

    /// <summary>After everything was read: whether no message between that and this place has the key.</summary>
    /// <exception cref="KafkaException">A broker does not answer in time.</exception>
    public bool IsFirst(byte[] key, TopicPartitionOffset place, CancellationToken cancellationToken)
    {
        _consumer.Assign(new TopicPartitionOffset(place.TopicPartition, _partitions.TryGetValue(place.TopicPartition, out var read) ? read.End : Offset.Beginning));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = Consume(cancellationToken);
            if (!result.IsPartitionEOF && result.Offset >= place.Offset)
            {
                return true;
            }

            if (!result.IsPartitionEOF && key.AsSpan().SequenceEqual(result.Message.Key))
            {
                return false;
            }
        }
    }

    public void Dispose() => _consumer.Dispose();

    private void Assign(string topic)
    {
        using var admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        var starts = new List<TopicPartitionOffset>();

        // A topic that nobody made yet has no partitions.
        foreach (var partition in admin.GetMetadata(topic, _options.Timeout).Topics.SelectMany(static found => found.Partitions.Select(one => new TopicPartition(found.Topic, one.PartitionId))))
        {
            var marks = _consumer.QueryWatermarkOffsets(partition, _options.Timeout);
            _partitions[partition] = new Partition(marks.High.Value) { IsEnd = marks.Low >= marks.High };
            if (marks.Low < marks.High)
            {
                starts.Add(new TopicPartitionOffset(partition, marks.Low));
            }
        }

        _consumer.Assign(starts);
    }

    private void Take(CancellationToken cancellationToken)
    {
        var result = Consume(cancellationToken);
        var partition = _partitions[result.TopicPartition];
        if (!result.IsPartitionEOF && result.Offset.Value < partition.End)
        {
            partition.Ahead.Enqueue(result);
            if (partition.Ahead.Count >= AheadMax && !partition.IsPaused)
            {
                partition.IsPaused = true;
                _consumer.Pause([result.TopicPartition]);
            }
        }

        partition.IsEnd |= result.IsPartitionEOF || result.Offset.Value + 1 >= partition.End;
    }

    private ConsumeResult<byte[], byte[]> Consume(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _consumer.Consume(_options.Timeout) ?? throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "its messages could not be read to their end."));
    }

    private sealed class Partition(long end)
    {
        /// <summary>What lies behind came later.</summary>
        public long End { get; } = end;

        public Queue<ConsumeResult<byte[], byte[]>> Ahead { get; } = [];

        public bool IsEnd { get; set; }

        public bool IsPaused { get; set; }
    }
}
