namespace ZeroWorld.ML.Features.Kafka;

/// <summary>A Kafka topic as a work stream.</summary>
public sealed record KafkaWorkStreamOptions
{
    /// <value>Brokers and further settings.</value>
    public required KafkaStreamOptions Kafka { get; init; }

    /// <value>The input topic.</value>
    public required string Topic { get; init; }

    public required string Group { get; init; }

    /// <value>Name of this worker: its transactions are fenced by it, so that a second process of the same name ends the first one's. One of its own per process, the same after a restart.</value>
    public required string Worker { get; init; }

    /// <value>All streams that outputs go to. What is finished is read from their topics when this worker gets partitions.</value>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <value>How many keys of finished work are remembered, 1 or more; default 1,000,000 (about 60 MB). So many of the newest outputs of each topic are read at the start.</value>
    public int KeysMax { get; init; } = 1_000_000;
}
