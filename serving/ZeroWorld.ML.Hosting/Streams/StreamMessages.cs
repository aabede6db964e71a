using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Hosting;

/// <summary>The state of a stream as <c>zeroworld.ml.v1</c> says it.</summary>
internal static class StreamMessages
{
    public static V1.StreamStatus Of(EventStream stream, StreamStatus status, bool isRead)
    {
        var message = new V1.StreamStatus
        {
            Name = stream.Name,
            Kind = stream.Kind == EventStreamKind.Kafka ? "kafka" : "redis",
            Topic = stream.Topic,
            Group = stream.Group,
            DeadLetters = stream.DeadLetterTopic,
            State = isRead ? StateOf(status) : V1.StreamState.NotRead,
            Accepted = (ulong)(status.Accepted),
            Refused = (ulong)(status.Refused),
            Fault = status.Fault ?? "",
        };
        if (status.Lag is { } lag)
        {
            message.Lag = (ulong)Math.Max(lag, 0);
        }

        if (status.NewestEvent is { } newest)
        {
            message.NewestEventTime = newest;
        }

        if (status.NewestArrival is { } arrival)
        {
            message.NewestArrivalTime = arrival;
        }

        return message;
    }

    private static V1.StreamState StateOf(StreamStatus status) => status.State switch
    {
        StreamState.Starting => V1.StreamState.Starting,
        StreamState.Running => V1.StreamState.Running,
        StreamState.Waiting => V1.StreamState.Waiting,
        StreamState.Failed => V1.StreamState.Failed,
        _ => V1.StreamState.Stopped,
    };
}
