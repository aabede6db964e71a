using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>A Kafka topic read by a consumer group. Offsets are committed when their events are done, never before.</summary>
/// <remarks>The library blocks: every call gets a thread that is not the pool's. Dead letters are written by an idempotent producer, then the offsets.</remarks>
internal sealed partial class KafkaEventSource(EventStream stream, KafkaStreamOptions options, ILogger logger) : IEventSource
{
    private const int BatchBytesMax = 16 << 20;

    // Bytes that the library fetches ahead, beside the batch in hand.
    private const int FetchedKibibytesMax = 32 << 10;
    private const int DeadLetterBytesMax = 900_000;

    private IConsumer<byte[], byte[]>? _consumer;
    private IProducer<byte[], byte[]>? _producer;
    private bool _isSubscribed;
    private volatile string? _problem;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken) => RunAsync<IReadOnlyList<StreamEvent>>(
        () =>
        {
            var consumer = Connect();
            if (!_isSubscribed)
            {
                consumer.Subscribe(stream.Topic);
                _isSubscribed = true;
            }

            var events = new List<StreamEvent>();
            var bytes = 0;
            while (events.Count < eventsMax && bytes < BatchBytesMax && consumer.Consume(events.Count == 0 ? wait : TimeSpan.Zero) is { } result)
            {
                if (result.IsPartitionEOF)
                {
                    continue;
                }

                events.Add(ToEvent(result));
                bytes += result.Message.Value?.Length ?? 0;
            }

            // With no broker at all a consumer reads nothing and says nothing.
            return events.Count == 0 && _problem is { } problem ? throw Unavailable(problem, null) : events;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(deadLetters);
        return RunAsync(
            () =>
            {
                WriteDeadLetters(deadLetters);
                var offsets = new Dictionary<int, long>();
                foreach (var item in events)
                {
                    var (partition, offset) = PositionOf(item.Position);
                    offsets[partition] = Math.Max(offsets.GetValueOrDefault(partition), offset + 1);
                }

                if (offsets.Count > 0)
                {
                    Commit(offsets.Select(item => new TopicPartitionOffset(stream.Topic, item.Key, item.Value)));
                }

                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long?> ReadLagAsync(CancellationToken cancellationToken) => RunAsync<long?>(
        () =>
        {
            // Of the whole group, and without being a member of it.
            var consumer = Connect();
            using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
            var partitions = admin.GetMetadata(stream.Topic, options.Timeout).Topics
                .SelectMany(static topic => topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))).ToList();
            var lag = 0L;
            foreach (var committed in partitions.Count == 0 ? [] : consumer.Committed(partitions, options.Timeout))
            {
                var marks = consumer.QueryWatermarkOffsets(committed.TopicPartition, options.Timeout);
                lag += Math.Max(0, marks.High - (committed.Offset.IsSpecial ? marks.Low : Math.Max(committed.Offset, marks.Low)));
            }

            return partitions.Count == 0 ? null : lag;
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_consumer is { } consumer)
        {
            // It leaves the group at once, so that others need not wait for its session to end.
            await Start(() =>
            {
                consumer.Close();
                consumer.Dispose();
                return true;
            }).ConfigureAwait(false);
        }

        _producer?.Dispose();
    }

    private IConsumer<byte[], byte[]> Connect()
    {
        if (_consumer is not null)
        {
            return _consumer;
        }

        var config = new ConsumerConfig
        {
            BootstrapServers = options.Brokers,
            GroupId = stream.Group,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            QueuedMaxMessagesKbytes = FetchedKibibytesMax,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            SocketConnectionSetupTimeoutMs = Math.Max(1000, (int)options.Timeout.TotalMilliseconds),
        };
        options.ApplyTo(config);
        return _consumer = new ConsumerBuilder<byte[], byte[]>(config)
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler((_, message) => LogLibrary(message.Message))
            .Build();
    }

    private void WriteDeadLetters(IReadOnlyList<DeadLetter> deadLetters)
    {
        if (deadLetters.Count == 0)
        {
            return;
        }

        _producer ??= CreateProducer();
        var failures = new List<string>();
        foreach (var letter in deadLetters)
        {
            // A broker takes a megabyte: of what is longer the beginning must do, the whole is still in its topic.
            var value = letter.Event.Value.Length <= DeadLetterBytesMax ? letter.Event.Value : letter.Event.Value[..DeadLetterBytesMax];
            var message = new Message<byte[], byte[]>
            {
                Key = Encoding.UTF8.GetBytes($"{stream.Topic}/{letter.Event.Position}"),
                Value = value.ToArray(),
                Headers =
                [
                    new Header("reason", Encoding.UTF8.GetBytes(letter.Reason)),
                    new Header("stream", Encoding.UTF8.GetBytes(stream.Topic)),
                    new Header("position", Encoding.UTF8.GetBytes(letter.Event.Position)),
                ],
            };
            _producer.Produce(stream.DeadLetterTopic, message, report =>
            {
                if (report.Error.IsError)
                {
                    lock (failures)
                    {
                        failures.Add(report.Error.Reason);
                    }
                }
            });
        }

        if (_producer.Flush(options.Timeout) > 0 || failures.Count > 0)
        {
            // What still waits would be sent behind our back.
            _producer.Dispose();
            _producer = null;
            throw Unavailable($"dead letters were not taken: {failures.FirstOrDefault() ?? $"no answer within {options.Timeout}"}", null);
        }
    }

    private IProducer<byte[], byte[]> CreateProducer()
    {
        var config = new ProducerConfig
        {
            BootstrapServers = options.Brokers,
            EnableIdempotence = true,
            Acks = Acks.All,
            MessageTimeoutMs = (int)options.Timeout.TotalMilliseconds,
        };
        options.ApplyTo(config);
        return new ProducerBuilder<byte[], byte[]>(config)
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler((_, message) => LogLibrary(message.Message))
            .Build();
    }

    private void Commit(IEnumerable<TopicPartitionOffset> offsets)
    {
        try
        {
            _consumer!.Commit(offsets);
        }
        catch (KafkaException exception) when (exception.Error.Code is ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.RebalanceInProgress or ErrorCode.FencedInstanceId)
        {
            // The partition is another member's by now, and that one reads the events again: they have no further effect.
            LogTakenOver(stream.Topic, exception.Error.Reason);
        }
    }

    private void OnError(Error error)
    {
        if (error.IsFatal || error.Code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.TopicAuthorizationFailed)
        {
            _problem = error.Reason;
        }
    }

    private async Task<T> RunAsync<T>(Func<T> action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Not given up in the middle: the consumer belongs to one caller at a time.
            var result = await Start(action).ConfigureAwait(false);
            _problem = null;
            return result;
        }
        catch (KafkaException exception)
        {
            throw Unavailable(exception.Error.Reason, exception);
        }
    }

    private static Task<T> Start<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private FeatureException Unavailable(string reason, Exception? cause) => new(
        FeatureError.StoreUnavailable, $"Kafka at {options.Brokers} did not take or give what was asked of topic '{stream.Topic}': {reason}", cause);

    private static StreamEvent ToEvent(ConsumeResult<byte[], byte[]> result) => new(
        string.Create(CultureInfo.InvariantCulture, $"{result.Partition.Value}/{result.Offset.Value}"),
        result.Message.Timestamp.Type == TimestampType.NotAvailable ? 0 : result.Message.Timestamp.UnixTimestampMs * 1000,
        result.Message.Value);

    private static (int Partition, long Offset) PositionOf(string position)
    {
        var at = position.IndexOf('/', StringComparison.Ordinal);
        return (int.Parse(position.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture), long.Parse(position.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }

    [LoggerMessage(2311, LogLevel.Debug, "Kafka: {Message}")]
    private partial void LogLibrary(string message);

    [LoggerMessage(2312, LogLevel.Information, "Topic {Topic}: events that are done could not be committed, since their partition went to another member: {Reason}")]
    private partial void LogTakenOver(string topic, string reason);
}
