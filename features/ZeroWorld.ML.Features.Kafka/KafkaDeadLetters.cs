using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Writes the events of a stream that nobody could take to its dead letters, by an idempotent producer.</summary>
/// <remarks>For one caller at a time, whom it blocks.</remarks>
internal sealed partial class KafkaDeadLetters(EventStream stream, KafkaStreamOptions options, ILogger logger) : IDisposable
{
    // A broker takes a megabyte.
    private const int ValueBytesMax = 900_000;

    private IProducer<byte[], byte[]>? _producer;

    /// <returns>Why not all of them were taken; <see langword="null"/>: they were.</returns>
    public string? Write(IReadOnlyList<DeadLetter> deadLetters)
    {
        if (deadLetters.Count == 0)
        {
            return null;
        }

        _producer ??= CreateProducer();
        var failures = new List<string>();
        foreach (var letter in deadLetters)
        {
            _producer.Produce(stream.DeadLetterTopic, ToMessage(letter), report =>
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

        if (_producer.Flush(options.Timeout) == 0 && failures.Count == 0)
        {
            return null;
        }

        // What still waits would be sent behind our back.
        Dispose();
        return $"dead letters were not taken: {failures.FirstOrDefault() ?? $"no answer within {options.Timeout}"}";
    }

    public void Dispose()
    {
        _producer?.Dispose();
        _producer = null;
    }

    // Of what is longer the beginning must do, the whole is still in its topic.
    private Message<byte[], byte[]> ToMessage(in DeadLetter letter) => new()
    {
        Key = Encoding.UTF8.GetBytes($"{stream.Topic}/{letter.Event.Position}"),
        Value = (letter.Event.Value.Length <= ValueBytesMax ? letter.Event.Value : letter.Event.Value[..ValueBytesMax]).ToArray(),
        Headers =
        [
            new Header("reason", Encoding.UTF8.GetBytes(letter.Reason)),
            new Header("stream", Encoding.UTF8.GetBytes(stream.Topic)),
            new Header("position", Encoding.UTF8.GetBytes(letter.Event.Position)),
        ],
    };

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
            .SetErrorHandler((_, error) => LogLibrary(error.Reason))
            .SetLogHandler((_, message) => LogLibrary(message.Message))
            .Build();
    }

    [LoggerMessage(2313, LogLevel.Debug, "Kafka, dead letters: {Message}")]
    private partial void LogLibrary(string message);
}
