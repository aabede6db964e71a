using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>A Kafka topic as a work stream: what comes of a batch and the batch's offsets are one transaction, so that readers of committed messages see each effect once.</summary>
/// <remarks>
/// Colons in names of output streams become full stops, since topics have none. A key is finished when its outputs are there: a worker that gets partitions, or whose commit
/// had no answer, reads them from the end of the output topics, so that neither a death nor offsets that are lost finish a key twice. Repeats of a key in other entries are found by
/// partition only; send repeats with the same message key. The library blocks: every call gets a thread that is not the pool's. Calls wait for one another.
/// </remarks>
public sealed class KafkaWorkStream : IWorkStream
{
    private const int BatchBytesMax = 16 << 20;
    private static readonly Encoding Utf8 = Encoding.UTF8;

    private readonly KafkaWorkStreamOptions _options;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly KafkaTransactions _transactions;
    private readonly FinishedWork _finished;
    private readonly KafkaOutputReader _outputs;
    private readonly FrozenSet<string> _outputStreams;
    private readonly KafkaWaiting _waiting;

    // Entries that were taken and not finished, in the order of each partition.
    private readonly SortedDictionary<(int Partition, long Offset), WorkEntry> _taken = [];

    // Of each partition that is this worker's: what comes next, and what the group was told last.
    private readonly Dictionary<int, long> _next = [];
    private readonly Dictionary<int, long> _committed = [];
    private IConsumer<byte[], byte[]>? _consumer;
    private bool _isRepeat;

    // Others, or this worker before an answer was lost, may have finished what is not known here.
    private bool _isFinishedUnknown = true;
    private volatile string? _problem;

    private KafkaWorkStream(KafkaWorkStreamOptions options)
    {
        (_options, _finished, _outputs) = (options, new FinishedWork(options.KeysMax), new KafkaOutputReader(options));
        _transactions = new KafkaTransactions(options, OnError);
        _waiting = new KafkaWaiting(options.Kafka, options.Topic, options.Group, OnError);
        _outputStreams = options.Outputs.ToFrozenSet(StringComparer.Ordinal);
    }

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
        return RunAsync<IReadOnlyList<WorkEntry>>(() => Take(most, wait), cancellationToken);
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
            return (_waiting.Count(_next) ?? 0, (long)_taken.Count);
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Start(() =>
        {
            _consumer?.Close();
            _consumer?.Dispose();
            _waiting.Dispose();
            _transactions.Dispose();
            return true;
        }).ConfigureAwait(false);
        _gate.Dispose();
    }

    private List<WorkEntry> Take(int most, TimeSpan wait)
    {
        Connect();
        var entries = _isRepeat ? TakeAgain() : [];
        if (entries.Count == 0)
        {
            _isRepeat = false;
            entries = TakeNew(most, wait);
        }

        if (entries.Count > 0)
        {
            // Should that fail, these come again.
            _isRepeat = true;
            ReadFinished();
            _isRepeat = false;
            return entries;
        }

        if (_problem is { } problem)
        {
            throw Unavailable(problem, null);
        }

        CommitEnds();
        return entries;
    }

    // They were taken and could not be finished: again, before anything new. A member that does not ask never hears that its partitions went to others.
    private List<WorkEntry> TakeAgain()
    {
        if (_taken.Count > 0 && _consumer!.Consume(TimeSpan.Zero) is { } further)
        {
            Receive(further);
        }

        return [.. _taken.Values];
    }

    private List<WorkEntry> TakeNew(int most, TimeSpan wait)
    {
        var (entries, bytes) = (new List<WorkEntry>(), 0);
        while (entries.Count < most && bytes < BatchBytesMax && _consumer!.Consume(entries.Count == 0 ? wait : TimeSpan.Zero) is { } result)
        {
            if (Receive(result) is { } entry)
            {
                entries.Add(entry);
                bytes += entry.Body.Length;
            }
        }

        // Partitions that went to others while these were read took their entries along.
        entries.RemoveAll(entry => !_taken.ContainsKey(PositionOf(entry.Id)));
        return entries;
    }

    private WorkEntry? Receive(ConsumeResult<byte[], byte[]> result)
    {
        if (result.IsPartitionEOF)
        {
            _next[result.Partition.Value] = result.Offset.Value;
            return null;
        }

        _next[result.Partition.Value] = result.Offset.Value + 1;
        return _taken[(result.Partition.Value, result.Offset.Value)] = ToEntry(result);
    }

    private void ReadFinished()
    {
        if (_isFinishedUnknown)
        {
            _outputs.ReadInto(_finished);
            _isFinishedUnknown = false;
        }
    }

    // Behind the last entry stand the marks of its producer's transaction: they are no entries, and would count as waiting for ever.
    private void CommitEnds()
    {
        var ends = _taken.Count > 0 ? [] : _next.Where(next => next.Value > _committed.GetValueOrDefault(next.Key)).ToDictionary();
        if (ends.Count > 0)
        {
            Commit(ends, static _ => { });
        }
    }

    private bool[] Finish(IReadOnlyList<WorkResult> results)
    {
        Connect();
        _isRepeat = true;
        ReadFinished();
        var took = new bool[results.Count];
        var (keys, offsets) = (new UInt128[results.Count], new Dictionary<int, long>());
        var added = new HashSet<UInt128>();
        for (var place = 0; place < results.Count; place++)
        {
            var at = PositionOf(results[place].Id);
            if (!_taken.TryGetValue(at, out var entry))
            {
                // Its partition went to another worker, who finishes it.
                continue;
            }

            offsets[at.Partition] = Math.Max(offsets.GetValueOrDefault(at.Partition), at.Offset + 1);
            keys[place] = FinishedWork.DigestOf(results[place].Key, SourceOf(entry));
            took[place] = !_finished.IsFinished(keys[place]) && added.Add(keys[place]);
        }

        CheckIsWhole(results, offsets);
        if (offsets.Count > 0)
        {
            Commit(offsets, producer =>
            {
                for (var place = 0; place < results.Count; place++)
                {
                    if (took[place])
                    {
                        Produce(producer, results[place], keys[place]);
                    }
                }
            });
        }

        _isRepeat = false;
        foreach (var result in results)
        {
            _taken.Remove(PositionOf(result.Id));
        }

        _finished.AddFinished(added);
        return took;
    }

    // Offsets of a partition are a line: what stands before one that is finished must be finished too.
    private void CheckIsWhole(IReadOnlyList<WorkResult> results, Dictionary<int, long> offsets)
    {
        var positions = results.Select(static result => PositionOf(result.Id)).ToHashSet();
        foreach (var at in _taken.Keys)
        {
            if (offsets.TryGetValue(at.Partition, out var end) && at.Offset < end && !positions.Contains(at))
            {
                throw new InvalidOperationException($"The entry {at.Partition}/{at.Offset} was taken and is not among the results; expected whole batches, in the order in which they were taken.");
            }
        }
    }

    private void Produce(IProducer<byte[], byte[]> producer, WorkResult result, UInt128 key)
    {
        var parts = result.Outputs.Count;
        if (parts > FinishedWork.PartsMax)
        {
            throw new InvalidOperationException($"The result of entry {result.Id} has {parts} outputs; expected at most {FinishedWork.PartsMax}.");
        }

        for (var part = 0; part < parts; part++)
        {
            var (name, body) = result.Outputs[part];
            if (!_outputStreams.Contains(name))
            {
                throw new InvalidOperationException($"The result of entry {result.Id} goes to '{name}'; expected one of {string.Join(", ", _options.Outputs)}.");
            }

            if (!_finished.IsWritten(key, part))
            {
                producer.Produce(TopicOf(name), new Message<byte[], byte[]>
                {
                    Key = Utf8.GetBytes(result.Key), Value = body.ToArray(), Headers = KafkaOutputReader.HeadersOf(SourceOf(_taken[PositionOf(result.Id)]), part, parts),
                });
            }
        }
    }

    private void Commit(Dictionary<int, long> offsets, Action<IProducer<byte[], byte[]>> produce)
    {
        _transactions.Commit(produce, offsets.Select(pair => new TopicPartitionOffset(_options.Topic, pair.Key, pair.Value)), _consumer!.ConsumerGroupMetadata);
        foreach (var (partition, offset) in offsets)
        {
            _committed[partition] = offset;
        }
    }

    private bool Connect()
    {
        if (_transactions.Open())
        {
            _isFinishedUnknown = true;
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
            _options.Kafka.ApplyTo(config);
            config.EnablePartitionEof = true;
            _consumer = new ConsumerBuilder<byte[], byte[]>(config)
                .SetErrorHandler((_, error) => OnError(error))
                .SetLogHandler(static (_, _) => { })
                .SetPartitionsAssignedHandler((_, _) => _isFinishedUnknown = true)
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
            _next.Remove(partition.Partition.Value);
            _committed.Remove(partition.Partition.Value);
            foreach (var at in _taken.Keys.Where(at => at.Partition == partition.Partition.Value).ToArray())
            {
                _taken.Remove(at);
            }
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

    internal static string TopicOf(string stream) => stream.Replace(':', '.');

    private static WorkEntry ToEntry(ConsumeResult<byte[], byte[]> result) => new(
        string.Create(CultureInfo.InvariantCulture, $"{result.Partition.Value}/{result.Offset.Value}"),
        result.Message.Value ?? [],
        result.Message.Timestamp.Type == TimestampType.NotAvailable ? DateTimeOffset.UnixEpoch : DateTimeOffset.FromUnixTimeMilliseconds(result.Message.Timestamp.UnixTimestampMs));

    // With the time, since a topic that is made anew begins with the same offsets.
    private string SourceOf(WorkEntry entry) => string.Create(CultureInfo.InvariantCulture, $"{_options.Topic}/{entry.Id}/{entry.Arrived.ToUnixTimeMilliseconds()}");

    private static (int Partition, long Offset) PositionOf(string id)
    {
        var at = id.IndexOf('/', StringComparison.Ordinal);
        return (int.Parse(id.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture), long.Parse(id.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
