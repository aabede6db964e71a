using System.Diagnostics.Tracing;

namespace ZeroWorld.ML.Load;

/// <summary>How long the collector stops all threads of this process, and how much of that it spends on waiting for them to stop.</summary>
internal sealed class PauseListener : EventListener
{
    private const EventKeywords Collector = (EventKeywords)1;
    private const int RestartEnd = 3;
    private const int SuspendEnd = 8;
    private const int SuspendBegin = 9;
    private readonly Lock _lock = new();
    private DateTime _begun;
    private DateTime _suspended;
    private Pauses _pauses = new(0, 0, 0, 0);

    /// <param name="Count">Pauses since the last time they were told.</param>
    /// <param name="LongestMs">The longest, in milliseconds.</param>
    /// <param name="TotalMs">All together.</param>
    /// <param name="LongestStopMs">The longest wait for the threads to stop, which is part of a pause.</param>
    public sealed record Pauses(int Count, double LongestMs, double TotalMs, double LongestStopMs);

    /// <summary>Tells the pauses since the last time.</summary>
    public Pauses Take()
    {
        lock (_lock)
        {
            var pauses = _pauses;
            _pauses = new Pauses(0, 0, 0, 0);
            return pauses;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Informational, Collector);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        lock (_lock)
        {
            switch (eventData.EventId)
            {
                case SuspendBegin:
                    _begun = eventData.TimeStamp;
                    break;
                case SuspendEnd:
                    _suspended = eventData.TimeStamp;
                    break;
                case RestartEnd when _begun != default:
                    var whole = (eventData.TimeStamp - _begun).TotalMilliseconds;
                    var stop = _suspended > _begun ? (_suspended - _begun).TotalMilliseconds : 0;
                    _pauses = new Pauses(_pauses.Count + 1, Math.Max(_pauses.LongestMs, whole), _pauses.TotalMs + whole, Math.Max(_pauses.LongestStopMs, stop));
                    break;
                default:
                    break;
            }
        }
    }
}
