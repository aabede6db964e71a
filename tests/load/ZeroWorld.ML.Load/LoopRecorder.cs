using System.Diagnostics;

namespace ZeroWorld.ML.Load;

/// <summary>What one connection's thread has seen. Not thread safe.</summary>
internal sealed class LoopRecorder(long started, double seconds)
{
    private readonly long _end = started + (long)(seconds * Stopwatch.Frequency);

    public long Started { get; } = started;

    public bool IsOver => Stopwatch.GetTimestamp() >= _end;

    /// <summary>Milliseconds per call that brought a message before the end.</summary>
    public List<double> Latencies { get; } = new((int)(20_000 * seconds));

    public int Failures { get; private set; }

    /// <summary>Calls that never ended.</summary>
    public int Unanswered { get; set; }

    public void Record(long due, bool hasMessage)
    {
        if (hasMessage)
        {
            Latencies.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
        }
        else
        {
            Failures++;
        }
    }
}

/// <summary>A loop's outcome.</summary>
/// <param name="PerSecond">Answers per second.</param>
/// <param name="Latencies">Milliseconds per answered call, ascending.</param>
/// <param name="Failures">Calls that failed or never ended.</param>
internal sealed record LoopResult(double PerSecond, double[] Latencies, int Failures)
{
    public double P50 => Loops.Percentile(Latencies, 0.5);

    public double P99 => Loops.Percentile(Latencies, 0.99);

    public double P999 => Loops.Percentile(Latencies, 0.999);

    public static LoopResult Of(IReadOnlyCollection<LoopRecorder> recorders, double seconds)
    {
        double[] latencies = [.. recorders.SelectMany(static recorder => recorder.Latencies).Order()];
        return new LoopResult(latencies.Length / seconds, latencies, recorders.Sum(static recorder => recorder.Failures + recorder.Unanswered));
    }
}
