namespace ZeroWorld.ML.Features;

/// <summary>Opens streams of one kind of broker.</summary>
/// <remarks>Thread safe.</remarks>
public interface IEventSourceFactory
{
    EventStreamKind Kind { get; }

    /// <summary>A member of the stream's consumer group. Nothing is connected before the first read.</summary>
    IEventSource Open(EventStream stream);
}
