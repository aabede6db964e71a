using System.Diagnostics.Tracing;
using System.Text.Json;
using System.Threading.Channels;

namespace ZeroWorld.ML.Load;

/// <summary>What a child has allocated, told to its parent on request. Large objects are counted only from <see cref="WatchLarge"/> on, since counting them costs something.</summary>
internal static class ChildMemory
{
    /// <summary>Asks for the figures.</summary>
    public const string Tell = "memory";

    /// <summary>Has large objects counted from now on.</summary>
    public const string WatchLarge = "watch-large";

    /// <summary>Has pauses of the collector counted from now on.</summary>
    public const string WatchPauses = "watch-pauses";

    /// <param name="AllocatedBytes">Of the managed heap, since the start.</param>
    /// <param name="LargeObjects">Objects of 85,000 bytes and more that were seen being allocated.</param>
    /// <param name="Pauses">Pauses of the collector since the last question; <see langword="null"/>: they are not counted.</param>
    public sealed record Figures(long AllocatedBytes, int LargeObjects, PauseListener.Pauses? Pauses = null);

    /// <summary>Answers until the standard input ends.</summary>
    public static async Task ServeAsync()
    {
        LargeObjectListener? listener = null;
        PauseListener? pauses = null;
        await foreach (var question in ReadLines().ReadAllAsync())
        {
            listener = question == WatchLarge ? listener ?? new LargeObjectListener() : listener;
            pauses = question == WatchPauses ? pauses ?? new PauseListener() : pauses;
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new Figures(GC.GetTotalAllocatedBytes(), listener?.Count ?? 0, pauses?.Take())));
        }

        pauses?.Dispose();

        listener?.Dispose();
    }

    /// <summary>Lines of the standard input, read on a thread of their own: the console has no other way than to block, and of the few threads of the pool none may be missing from what is measured.</summary>
    private static ChannelReader<string> ReadLines()
    {
        var lines = Channel.CreateUnbounded<string>();
        new Thread(() =>
        {
            while (Console.In.ReadLine() is { } line)
            {
                lines.Writer.TryWrite(line);
            }

            lines.Writer.Complete();
        })
        { IsBackground = true, Name = "standard input" }.Start();
        return lines.Reader;
    }

    /// <summary>The runtime tells of an allocation after every 100 kB of either kind of object: of every large one that counts here, and of some of the others.</summary>
    private sealed class LargeObjectListener : EventListener
    {
        private const EventKeywords Collector = (EventKeywords)1;
        private int _count;

        public int Count => Volatile.Read(ref _count);

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
            {
                EnableEvents(eventSource, EventLevel.Verbose, Collector);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) == true
                && eventData.PayloadNames!.IndexOf("AllocationKind") is >= 0 and var kind && Convert.ToInt32(eventData.Payload![kind], null) == 1)
            {
                Interlocked.Increment(ref _count);
            }
        }
    }
}
