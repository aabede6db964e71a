using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Load;

/// <summary>A model run in this process: no protocol, no queue.</summary>
internal sealed class RawSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly int _columns;
    private readonly int _callers;

    /// <param name="callers">Threads that run it, each with its share of the processors.</param>
    public RawSession(string modelPath, int callers)
    {
        using var options = new SessionOptions { IntraOpNumThreads = Math.Max(1, Environment.ProcessorCount / callers), InterOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(modelPath, options);
        _columns = _session.InputMetadata["x"].Dimensions[1];
        _callers = callers;
    }

    /// <returns>Rows per second, and milliseconds per run, ascending.</returns>
    public (double RowsPerSecond, double[] Milliseconds) Measure(int rows, double seconds)
    {
        var times = new List<double>[_callers];
        var threads = times.Select((_, index) => new Thread(() => times[index] = Run(rows, seconds, index))).ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        double[] all = [.. times.SelectMany(static some => some).Order()];
        return (all.Length * rows / seconds, all);
    }

    public void Dispose() => _session.Dispose();

    private List<double> Run(int rows, double seconds, int seed)
    {
        var times = new List<double>();
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(SpeedRequests.Values(seed, rows * _columns), [rows, _columns]);
        using var output = OrtValue.CreateTensorValueFromMemory(new float[rows], [rows, 1]);
        var started = Stopwatch.GetTimestamp();
        for (var last = started; Stopwatch.GetElapsedTime(started).TotalSeconds < seconds;)
        {
            _session.Run(run, ["x"], [input], ["y"], [output]);
            var now = Stopwatch.GetTimestamp();
            times.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
            last = now;
        }

        return times;
    }
}
