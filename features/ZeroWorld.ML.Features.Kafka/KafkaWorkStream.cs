using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>A Kafka topic as a work stream: what comes of a batch and the batch's offsets are one transaction, so that readers of committed messages see each effect once.</summary>
/// <remarks>
/// Colons in names of output streams become full stops, since topics have none. A key counts as finished as long as this worker remembers it: repeats of a key in other entries
/// are found within its life, and by partition only; send repeats with the same message key. The library blocks: every call gets a thread that is not the pool's.
/// Calls wait for one another.
/// </remarks>
public sealed class KafkaWorkStream : IWorkStream
{
    private const int BatchBytesMax = 16 << 20;
    private static readonly Encoding Utf8 = Encoding.UTF8;

    private readonly KafkaWorkStreamOptions _options;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly RecentKeys _keys;

    // Entries that were taken and not finished, in the order of each partition.
    private readonly SortedDictionary<(int Partition, long Offset), WorkEntry> _taken = [];
    private IConsumer<byte[], byte[]>? _consumer;
    private IProducer<byte[], byte[]>? _producer;
    private bool _isRepeat;
    private volatile string? _problem;

    private KafkaWorkStream(KafkaWorkStreamOptions options) => (_options, _keys) = (options, new RecentKeys(options.KeysMax));

    /// <inheritdoc/>
    public int OutputBytesMax => 900_000;

    /// <summary>Connects, and ends the transactions of a worker of this name that died.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: no broker answers.</exception>
    public static async Task<KafkaWorkStream> OpenAsync(KafkaWorkStreamOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var stream = new KafkaWorkStream(options);
        try
        {
            await stream.RunAsync(stream.Connect, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<WorkEntry>> TakeAsync(int most, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return RunAsync<IReadOnlyList<WorkEntry>>(
            () =>
            {
                Connect();
                if (_isRepeat && _taken.Count > 0)
                {
                    // They were taken and could not be finished: again, before anything new. A member that does not ask never hears that its partitions went to others.
                    if (_consumer!.Consume(TimeSpan.Zero) is { IsPartitionEOF: false } further)
                    {
                        _taken[(further.Partition.Value, further.Offset.Value)] = ToEntry(further);
                    }

                    if (_taken.Count > 0)
                    {
                        return [.. _taken.Values];
                    }
                }

                _isRepeat = false;
                var (entries, bytes) = (new List<WorkEntry>(), 0);
                while (entries.Count < most && bytes < BatchBytesMax && _consumer!.Consume(entries.Count == 0 ? wait : TimeSpan.Zero) is { } result)
                {
                    if (result.IsPartitionEOF)
                    {
                        continue;
                    }

                    var entry = ToEntry(result);
                    _taken[(result.Partition.Value, result.Offset.Value)] = entry;
                    entries.Add(entry);
                    bytes += entry.Body.Length;
                }

                return entries.Count == 0 && _problem is { } problem ? throw Unavailable(problem, null) : entries;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<bool>> FinishAsync(IReadOnlyList<WorkResult> results, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(results);
        return RunAsync<IReadOnlyList<bool>>(() => Finish(results), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<(long Waiting, long Taken)> CountAsync(CancellationToken cancellationToken) => RunAsync(
        () =>
        {
            Connect();
            using var admin = new DependentAdminClientBuilder(_consumer!.Handle).Build();
            var partitions = admin.GetMetadata(_options.Topic, _options.Kafka.Timeout).Topics
                .SelectMany(static topic => topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))).ToList();
            var behind = 0L;
            foreach (var committed in partitions.Count == 0 ? [] : _consumer.Committed(partitions, _options.Kafka.Timeout))
            {
                var marks = _consumer.QueryWatermarkOffsets(committed.TopicPartition, _options.Kafka.Timeout);
                behind += Math.Max(0, marks.High - (committed.Offset.IsSpecial ? marks.Low : Math.Max(committed.Offset, marks.Low)));
            }

            return (Math.Max(0, behind - _taken.Count), (long)_taken.Count);
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Start(() =>
        {
            _consumer?.Close();
            _consumer?.Dispose();
            _producer?.Dispose();
            return true;
        }).ConfigureAwait(false);
        _gate.Dispose();
    }

    private bool[] Finish(IReadOnlyList<WorkResult> results)
    {
        Connect();
        var took = new bool[results.Count];
        var (keys, offsets) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<int, long>());
        _isRepeat = true;
        _producer!.BeginTransaction();
        try
        {
            for (var place = 0; place < results.Count; place++)
            {
                var at = PositionOf(results[place].Id);
                if (!_taken.ContainsKey(at))
                {
                    // Its partition went to another worker, who finishes it.
                    continue;
                }

                offsets[at.Partition] = Math.Max(offsets.GetValueOrDefault(at.Partition), at.Offset + 1);
                var key = results[place].Key;
                if (key.Length > 0 && (_keys.Contains(key) || !keys.Add(key)))
                {
                    continue;
                }

                took[place] = true;
                foreach (var (name, body) in results[place].Outputs)
                {
                    _producer.Produce(TopicOf(name), new Message<byte[], byte[]> { Key = Utf8.GetBytes(key), Value = body.ToArray() });
                }
            }

            // Offsets of a partition are a line: what stands before one that is finished must be finished too.
            var positions = results.Select(static result => PositionOf(result.Id)).ToHashSet();
            foreach (var at in _taken.Keys)
            {
                if (offsets.TryGetValue(at.Partition, out var end) && at.Offset < end && !positions.Contains(at))
                {
                    throw new InvalidOperationException($"The entry {at.Partition}/{at.Offset} was taken and is not among the results; expected whole batches, in the order in which they were taken.");
                }
            }

            if (offsets.Count > 0)
            {
                _producer.SendOffsetsToTransaction(
                    offsets.Select(pair => new TopicPartitionOffset(_options.Topic, pair.Key, pair.Value)), _consumer!.ConsumerGroupMetadata, _options.Kafka.Timeout);
            }

            _producer.CommitTransaction(_options.Kafka.Timeout);
        }
        catch (Exception exception)
        {
            Abort(exception);
            throw;
        }

        _isRepeat = false;
        foreach (var result in results)
        {
            _taken.Remove(PositionOf(result.Id));
        }

        _keys.Add(keys);
        return took;
    }

    // After a fatal error, as when another process took this worker's name, the producer is of no use: the next call makes a new one.
    private void Abort(Exception cause)
    {
        try
        {
            if (cause is KafkaException { Error.IsFatal: false } or InvalidOperationException)
            {
                _producer!.AbortTransaction(_options.Kafka.Timeout);
                return;
            }
        }
        catch (KafkaException)
        {
            // What began is undone by the broker when a producer of this name opens again.
        }

        _producer!.Dispose();
        _producer = null;
    }

    private bool Connect()
    {
        if (_producer is null)
        {
            var config = new ProducerConfig
            {
                BootstrapServers = _options.Kafka.Brokers,
                EnableIdempotence = true,
                Acks = Acks.All,
                TransactionalId = $"{_options.Group}.{_options.Worker}",
                LingerMs = 5,
                SocketConnectionSetupTimeoutMs = Math.Max(1000, (int)_options.Kafka.Timeout.TotalMilliseconds),
            };
            Set(config);
            var producer = new ProducerBuilder<byte[], byte[]>(config).SetErrorHandler((_, error) => OnError(error)).SetLogHandler(static (_, _) => { }).Build();
            try
            {
                producer.InitTransactions(_options.Kafka.Timeout);
            }
            catch
            {
                producer.Dispose();
                throw;
            }

            _producer = producer;
        }

        if (_consumer is null)
        {
            var config = new ConsumerConfig
            {
                BootstrapServers = _options.Kafka.Brokers,
                GroupId = _options.Group,
                EnableAutoCommit = false,
                EnableAutoOffsetStore = false,
                AutoOffsetReset = AutoOffsetReset.Earliest,
                IsolationLevel = IsolationLevel.ReadCommitted,
                QueuedMaxMessagesKbytes = 32 << 10,
            };
            Set(config);
            _consumer = new ConsumerBuilder<byte[], byte[]>(config)
                .SetErrorHandler((_, error) => OnError(error))
                .SetLogHandler(static (_, _) => { })
                .SetPartitionsRevokedHandler((_, gone) => Forget(gone))
                .SetPartitionsLostHandler((_, gone) => Forget(gone))
                .Build();
            _consumer.Subscribe(_options.Topic);
        }

        return true;
    }

    private void Forget(IEnumerable<TopicPartitionOffset> partitions)
    {
        foreach (var partition in partitions)
        {
            foreach (var at in _taken.Keys.Where(at => at.Partition == partition.Partition.Value).ToArray())
            {
                _taken.Remove(at);
            }
        }
    }

    private void Set(ClientConfig config)
    {
        foreach (var (name, value) in _options.Kafka.ReadSettings())
        {
            config.Set(name, value);
        }
    }

    private void OnError(Error error)
    {
        if (error.Code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.TopicAuthorizationFailed)
        {
            _problem = error.Reason;
        }
    }

    private async Task<T> RunAsync<T>(Func<T> action, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var result = await Start(action).ConfigureAwait(false);
            _problem = null;
            return result;
        }
        catch (KafkaException exception)
        {
            throw Unavailable(exception.Error.Reason, exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static Task<T> Start<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private FeatureException Unavailable(string reason, Exception? cause) => new(
        FeatureError.StoreUnavailable, $"Kafka at {_options.Kafka.Brokers} did not take or give what was asked of topic '{_options.Topic}': {reason}", cause);

    private static string TopicOf(string stream) => stream.Replace(':', '.');

    private static WorkEntry ToEntry(ConsumeResult<byte[], byte[]> result) => new(
        string.Create(CultureInfo.InvariantCulture, $"{result.Partition.Value}/{result.Offset.Value}"),
        result.Message.Value ?? [],
        result.Message.Timestamp.Type == TimestampType.NotAvailable ? DateTimeOffset.UnixEpoch : DateTimeOffset.FromUnixTimeMilliseconds(result.Message.Timestamp.UnixTimestampMs));

    private static (int Partition, long Offset) PositionOf(string id)
    {
        var at = id.IndexOf('/', StringComparison.Ordinal);
        return (int.Parse(id.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture), long.Parse(id.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
