using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Opens Kafka topics, each with a consumer of its own.</summary>
/// <remarks>Thread safe.</remarks>
/// <param name="options">Valid options.</param>
public sealed class KafkaEventSourceFactory(KafkaStreamOptions options, TimeProvider time, ILogger<KafkaEventSourceFactory> logger) : IEventSourceFactory
{
    public EventStreamKind Kind => EventStreamKind.Kafka;

    /// <inheritdoc/>
    public IEventSource Open(EventStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new KafkaEventSource(stream, options, time, logger);
    }
}
