using System.Collections.Frozen;
using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>A Kafka topic read by a consumer group. Offsets are committed when their events are done, never before.</summary>
/// <remarks>
/// The library blocks: every call gets a thread that is not the pool's. Dead letters are written by an idempotent producer, then the offsets. While the reader is busy
/// with what it has, the broker is shown that this member lives. What it has in hand is never given twice.
/// </remarks>
internal sealed partial class KafkaEventSource(EventStream stream, KafkaStreamOptions options, TimeProvider time, ILogger logger) : IEventSource
{
    // Of the longest time between two polls that the broker leaves to a member.
    private const int PollsPerInterval = 4;
    private const int DefaultPollIntervalMs = 300_000;
    private const int BatchBytesMax = 16 << 20;

    // Bytes that the library fetches ahead, beside the batch in hand.
    private const int FetchedKibibytesMax = 32 << 10;

    // The consumer is its reader's, and between two reads the loop's that shows it alive.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _end = new();
    private readonly OffsetsInHand _inHand = new();

    // What came while the reader was busy: a few, one per poll.
    private readonly Queue<StreamEvent> _early = [];
    private long _earlyBytes;
    private long _polledAt;
    private Task? _keeping;

    private readonly KafkaDeadLetters _deadLetters = new(stream, options, logger);
    private IConsumer<byte[], byte[]>? _consumer;
    private KafkaWaiting? _waiting;
    private bool _isSubscribed;
    private volatile string? _problem;

    /// <summary>Events that came while the reader was busy.</summary>
    internal int Early => _early.Count;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken) => RunInTurnAsync<IReadOnlyList<StreamEvent>>(
        () =>
        {
            var consumer = Connect();
            if (!_isSubscribed)
            {
                consumer.Subscribe(stream.Topic);
                _isSubscribed = true;
                _polledAt = time.GetTimestamp();
                _keeping = KeepAsync(TimeSpan.FromMilliseconds(PollIntervalMsOf(options) / PollsPerInterval), _end.Token);
            }

            CommitOwed(consumer);
            var events = new List<StreamEvent>();
            var bytes = 0L;
            while (events.Count < eventsMax && bytes < BatchBytesMax && Next(consumer, events.Count == 0 ? wait : TimeSpan.Zero, events.Count > 0) is { } item)
            {
                events.Add(item);
                bytes += item.Value.Length;
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
        return RunInTurnAsync(
            () =>
            {
                if (_deadLetters.Write(deadLetters) is { } fault)
                {
                    throw Unavailable(fault, null);
                }

                var offsets = new Dictionary<int, long>();
                foreach (var item in events)
                {
                    var (partition, offset) = PositionOf(item.Position);
                    offsets[partition] = Math.Max(offsets.GetValueOrDefault(partition), offset + 1);
                }

                if (offsets.Count > 0)
                {
                    Commit(offsets);
                }

                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long?> ReadLagAsync(CancellationToken cancellationToken) => RunAsync(
        () => (_waiting ??= new KafkaWaiting(options, stream.Topic, stream.Group, OnError)).Count(FrozenDictionary<int, long>.Empty), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // For good: nobody polls a consumer that is closed.
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (_consumer is { } consumer)
        {
            // It leaves the group at once, so that others need not wait for its session to end. Now and then the library waits for a group that is just being joined, for minutes:
            // that must not hold up who ends.
            var closing = Start(() =>
            {
                consumer.Close();
                consumer.Dispose();
                return true;
            });
            if (await Task.WhenAny(closing, Task.Delay(options.Timeout, time)).ConfigureAwait(false) != closing)
            {
                LogLibrary($"a consumer of '{stream.Topic}' was not closed within {options.Timeout}");
            }
        }

        await _end.CancelAsync().ConfigureAwait(false);
        if (_keeping is { } keeping)
        {
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _deadLetters.Dispose();
        _waiting?.Dispose();
        _turn.Dispose();
        _end.Dispose();
    }

    /// <summary>The next event that the reader does not have; <see langword="null"/>: none came in time.</summary>
    /// <param name="hasSome">The reader has got some in this call, which must not be lost by what is wrong with a later one.</param>
    private StreamEvent? Next(IConsumer<byte[], byte[]> consumer, TimeSpan wait, bool hasSome)
    {
        if (_early.TryDequeue(out var early))
        {
            _earlyBytes -= early.Value.Length;
            return early;
        }

        _polledAt = time.GetTimestamp();
        try
        {
            while (consumer.Consume(wait) is { } result)
            {
                if (!result.IsPartitionEOF && ToEvent(result) is var item && _inHand.TryAdd(result.Partition, result.Offset, item.Arrival))
                {
                    return item;
                }
            }
        }
        catch (KafkaException exception) when (hasSome)
        {
            // What lasts is told by the next read.
            LogLibrary(exception.Error.Reason);
        }

        return null;
    }

    /// <summary>Polls, until the source ends, where the reader does not: a member that does not is taken for dead, and others read again what it has in hand.</summary>
    private async Task KeepAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(interval, time, cancellationToken).ConfigureAwait(false);
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await Start(() => TryPoll(interval)).ConfigureAwait(false);
            }
            catch (KafkaException exception)
            {
                // What lasts is told by the next read.
                LogLibrary(exception.Error.Reason);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private bool TryPoll(TimeSpan interval)
    {
        if (time.GetElapsedTime(_polledAt) < interval || _earlyBytes >= BatchBytesMax)
        {
            return false;
        }

        // An early one stays where it is: the queue is asked for the one behind it.
        _polledAt = time.GetTimestamp();
        if (_consumer!.Consume(TimeSpan.Zero) is { IsPartitionEOF: false } result && ToEvent(result) is var item
            && _inHand.TryAdd(result.Partition, result.Offset, item.Arrival))
        {
            _early.Enqueue(item);
            _earlyBytes += item.Value.Length;
        }

        return true;
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

    /// <summary>Tries again what was refused, of the partitions that are this member's; unless another member, that had them meanwhile, came further.</summary>
    private void CommitOwed(IConsumer<byte[], byte[]> consumer)
    {
        var owed = _inHand.ListOwed();
        var mine = owed.Count == 0 ? [] : FindMine(consumer, owed);
        if (mine.Count == 0)
        {
            return;
        }

        var left = new Dictionary<int, long>();
        foreach (var committed in consumer.Committed(mine, options.Timeout))
        {
            var partition = committed.Partition.Value;
            if (!committed.Offset.IsSpecial && committed.Offset.Value >= owed[partition])
            {
                _inHand.Commit(partition, committed.Offset.Value);
            }
            else
            {
                left[partition] = owed[partition];
            }
        }

        Commit(left);
    }

    /// <summary>The partitions of this member that it has read up to the given offsets: one that was away and came back begins at its last commit, and is read again up to there first.</summary>
    private static List<TopicPartition> FindMine(IConsumer<byte[], byte[]> consumer, IReadOnlyDictionary<int, long> offsets) =>
        [.. consumer.Assignment.Where(partition => offsets.TryGetValue(partition.Partition.Value, out var next) && consumer.Position(partition) is { IsSpecial: false } position && position.Value >= next)];

    /// <param name="offsets">By partition, the offset before which everything is done.</param>
    private void Commit(Dictionary<int, long> offsets)
    {
        // The broker would take offsets of partitions that are another's by now, and set that one back.
        var mine = FindMine(_consumer!, offsets).Select(static partition => partition.Partition.Value).ToHashSet();
        var taken = offsets.Where(item => mine.Contains(item.Key)).ToList();
        var reason = taken.Count < offsets.Count ? "it is not this one's" : null;
        try
        {
            if (taken.Count > 0)
            {
                _consumer!.Commit(taken.Select(item => new TopicPartitionOffset(stream.Topic, item.Key, item.Value)));
            }
        }
        catch (KafkaException exception) when (exception.Error.Code is ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.RebalanceInProgress or ErrorCode.FencedInstanceId)
        {
            (taken, reason) = ([], exception.Error.Reason);
        }

        foreach (var (partition, next) in taken)
        {
            _inHand.Commit(partition, next);
        }

        if (reason is null)
        {
            return;
        }

        // The partition is another member's by now, and that one reads the events again, which has no further effect; or it comes back to this one.
        foreach (var (partition, next) in offsets.Except(taken))
        {
            _inHand.Refuse(partition, next);
        }

        LogTakenOver(stream.Topic, reason);
    }

    private void OnError(Error error)
    {
        if (error.IsFatal || error.Code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.TopicAuthorizationFailed)
        {
            _problem = error.Reason;
        }
    }

    private async Task<T> RunInTurnAsync<T>(Func<T> action, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await RunAsync(action, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
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

    private static int PollIntervalMsOf(KafkaStreamOptions options)
    {
        var config = new ConsumerConfig();
        options.ApplyTo(config);
        return config.MaxPollIntervalMs ?? DefaultPollIntervalMs;
    }

    private static StreamEvent ToEvent(ConsumeResult<byte[], byte[]> result) => new(
        string.Create(CultureInfo.InvariantCulture, $"{result.Partition.Value}/{result.Offset.Value}"),
        result.Message.Timestamp.Type == TimestampType.NotAvailable ? 0 : ArrivalOf(result.Message.Timestamp.UnixTimestampMs),
        result.Message.Value);

    // A producer may have given any number; what is beyond all times stays so.
    internal static long ArrivalOf(long milliseconds) => milliseconds is > long.MaxValue / 1000 or < long.MinValue / 1000 ? long.MaxValue : milliseconds * 1000;

    private static (int Partition, long Offset) PositionOf(string position)
    {
        var at = position.IndexOf('/', StringComparison.Ordinal);
        return (int.Parse(position.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture), long.Parse(position.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }

    [LoggerMessage(2311, LogLevel.Debug, "Kafka: {Message}")]
    private partial void LogLibrary(string message);

    [LoggerMessage(2312, LogLevel.Information, "Topic {Topic}: events that are done could not be committed, since their partition went to another member, or is on its way: {Reason}")]
    private partial void LogTakenOver(string topic, string reason);
}
