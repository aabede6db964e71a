using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Reads from the topics of the outputs what is finished: the newest messages of each partition first, later those that came since.</summary>
/// <remarks>
/// A committed offset alone does not tell it: a commit whose answer was lost may have happened, offsets expire or are set back, and a key may come in further entries after its worker
/// died. Only committed messages are read, so what a transaction left unfinished counts for nothing.
/// </remarks>
internal sealed class KafkaOutputReader(KafkaWorkStreamOptions options)
{
    private const string SourceHeader = "source";
    private const string PartHeader = "part";

    private readonly Dictionary<TopicPartition, long> _read = [];

    /// <summary>Headers of an output: the entry that it came of, and which of its outputs it is, counted from 1.</summary>
    public static Headers HeadersOf(string source, int part, int parts) =>
    [
        new Header(SourceHeader, Encoding.UTF8.GetBytes(source)),
        new Header(PartHeader, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{part + 1}/{parts}"))),
    ];

    /// <summary>Adds all that is there now and was not read yet.</summary>
    /// <exception cref="KafkaException">A broker does not answer in time; what was read stays.</exception>
    public void ReadInto(FinishedWork finished)
    {
        var config = new ConsumerConfig { BootstrapServers = options.Kafka.Brokers, GroupId = options.Group, QueuedMaxMessagesKbytes = 32 << 10, FetchWaitMaxMs = 100 };
        options.Kafka.ApplyTo(config);
        (config.EnableAutoCommit, config.EnablePartitionEof, config.IsolationLevel) = (false, true, IsolationLevel.ReadCommitted);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).SetErrorHandler(static (_, _) => { }).SetLogHandler(static (_, _) => { }).Build();
        var ends = new Dictionary<TopicPartition, long>();
        consumer.Assign(Starts(consumer, ends));
        while (ends.Count > 0)
        {
            var result = consumer.Consume(options.Kafka.Timeout) ?? throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "its outputs could not be read to their end."));
            if (!result.IsPartitionEOF)
            {
                Add(result.Message, finished);
            }

            var next = result.IsPartitionEOF ? result.Offset.Value : result.Offset.Value + 1;
            _read[result.TopicPartition] = next;
            if (result.IsPartitionEOF || (ends.TryGetValue(result.TopicPartition, out var end) && next >= end))
            {
                ends.Remove(result.TopicPartition);
            }
        }
    }

    private List<TopicPartitionOffset> Starts(IConsumer<byte[], byte[]> consumer, Dictionary<TopicPartition, long> ends)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var starts = new List<TopicPartitionOffset>();
        foreach (var stream in options.Outputs)
        {
            // A topic that no output made yet has none.
            foreach (var topic in admin.GetMetadata(KafkaWorkStream.TopicOf(stream), options.Kafka.Timeout).Topics)
            {
                foreach (var partition in topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId)))
                {
                    var marks = consumer.QueryWatermarkOffsets(partition, options.Kafka.Timeout);
                    var newest = marks.High.Value - options.KeysMax / topic.Partitions.Count;
                    var start = Math.Max(marks.Low.Value, Math.Max(newest, _read.GetValueOrDefault(partition)));
                    if (start < marks.High.Value)
                    {
                        ends[partition] = marks.High.Value;
                        starts.Add(new TopicPartitionOffset(partition, start));
                    }
                }
            }
        }

        return starts;
    }

    private void Add(Message<byte[], byte[]> message, FinishedWork finished)
    {
        if (TextOf(message.Headers, SourceHeader) is not { } source || !source.StartsWith(options.Topic + "/", StringComparison.Ordinal)
            || TextOf(message.Headers, PartHeader)?.Split('/') is not [var part, var parts]
            || !int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var which) || !int.TryParse(parts, NumberStyles.None, CultureInfo.InvariantCulture, out var all)
            || which < 1 || which > all || all > FinishedWork.PartsMax)
        {
            // Another input's, or no work stream's.
            return;
        }

        finished.AddPart(FinishedWork.DigestOf(Encoding.UTF8.GetString(message.Key ?? []), source), which - 1, all);
    }

    private static string? TextOf(Headers headers, string name) => headers.TryGetLastBytes(name, out var value) && value is not null ? Encoding.UTF8.GetString(value) : null;
}
