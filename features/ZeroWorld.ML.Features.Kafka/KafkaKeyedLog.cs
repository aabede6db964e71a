using System.Runtime.CompilerServices;
using System.Text;
using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Kafka topics as logs: records are values of committed messages, keys their keys, and of one key the first message counts.</summary>
/// <remarks>
/// Colons in names become full stops, since topics have none. What is appended is read once more up to itself: of two that append one key at once, the one whose message stands
/// behind the other's is told so; readers who take the first of a key agree. Reading always begins with the first message, and no mark is kept. The library blocks: every call gets a thread that is not the pool's.
/// </remarks>
public sealed class KafkaKeyedLog : IKeyedLog
{
    private const int PageRecords = 256;

    private readonly KafkaStreamOptions _options;
    private readonly IProducer<byte[], byte[]> _producer;
    private volatile string? _problem;

    /// <summary>Connects when it is used first.</summary>
    public KafkaKeyedLog(KafkaStreamOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        var config = new ProducerConfig { BootstrapServers = options.Brokers, EnableIdempotence = true, Acks = Acks.All, MessageTimeoutMs = (int)options.Timeout.TotalMilliseconds };
        options.ApplyTo(config);
        _producer = new ProducerBuilder<byte[], byte[]>(config).SetErrorHandler((_, error) => _problem = error.Reason).SetLogHandler(static (_, _) => { }).Build();
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogRecord> ReadAsync(string log, string? from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = await StartAsync(() => Reader(log)).ConfigureAwait(false);
        while (await StartAsync(() => reader.ReadPage(PageRecords, cancellationToken)).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (var message in page)
            {
                yield return new LogRecord("", message.Message.Value ?? []);
            }
        }
    }

    /// <inheritdoc/>
    public Task<bool> TryAppendAsync(string log, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
        StartAsync(() => TryAppend(log, Encoding.UTF8.GetBytes(key), record, cancellationToken));

    /// <inheritdoc/>
    public Task<string?> FindMarkAsync(string log, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public Task SetMarkAsync(string log, string mark, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _producer.Dispose();
        return ValueTask.CompletedTask;
    }

    private bool TryAppend(string log, byte[] key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        using var reader = Reader(log);
        while (reader.TryRead(cancellationToken, out var message))
        {
            if (key.AsSpan().SequenceEqual(message.Message.Key))
            {
                return false;
            }
        }

        // Waited for on the spot: all of this runs, as the reads do, on a thread that may be blocked.
        var report = _producer.ProduceAsync(KafkaWorkStream.TopicOf(log), new Message<byte[], byte[]> { Key = key, Value = record.ToArray() }, cancellationToken).GetAwaiter().GetResult();
        return reader.IsFirst(key, report.TopicPartitionOffset, cancellationToken);
    }

    private KafkaLogReader Reader(string log) => new(_options, KafkaWorkStream.TopicOf(log), reason => _problem = reason);

    private async Task<T> StartAsync<T>(Func<T> action)
    {
        try
        {
            return await Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).ConfigureAwait(false);
        }
        catch (KafkaException exception)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, $"Kafka at {_options.Brokers} did not take or give what was asked: {_problem ?? exception.Error.Reason}", exception);
        }
    }
}
