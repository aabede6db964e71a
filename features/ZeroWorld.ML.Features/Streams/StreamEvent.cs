namespace ZeroWorld.ML.Features;

/// <summary>One event as it lies in a stream.</summary>
/// <param name="Position">Where it lies: <c>PARTITION/OFFSET</c> in Kafka, the entry's id in Redis. The same however often it is read.</param>
/// <param name="Arrival">When the broker took it, microseconds since the epoch.</param>
/// <param name="Value">Its bytes.</param>
public readonly record struct StreamEvent(string Position, long Arrival, ReadOnlyMemory<byte> Value);

/// <param name="Event">The event that nobody could take.</param>
/// <param name="Reason">A sentence for whoever sent it.</param>
public readonly record struct DeadLetter(StreamEvent Event, string Reason);
