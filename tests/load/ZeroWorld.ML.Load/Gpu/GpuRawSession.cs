using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Load;

/// <summary>A model run in this process, from and to host memory: no protocol, no queue. Several callers share one session.</summary>
internal sealed class GpuRawSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly int[] _shape;
    private readonly int _outputs;

    public GpuRawSession(byte[] model, int[] shape, int outputs, string device)
    {
        using var options = new SessionOptions();
        if (device.Split(':') is ["cuda", var index])
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string> { ["device_id"] = index, ["cudnn_conv_algo_search"] = "HEURISTIC" });
            options.AppendExecutionProvider_CUDA(cuda);
        }

        _session = new InferenceSession(model, options);
        (_shape, _outputs) = (shape, outputs);
    }

    /// <returns>Rows per second of all callers, and the median milliseconds of a run.</returns>
    public (double RowsPerSecond, double Milliseconds) Measure(int rows, int callers, double seconds)
    {
        Run(rows, 0.3, 0);
        var times = new List<double>[callers];
        var threads = times.Select((_, index) => new Thread(() => times[index] = Run(rows, seconds, index))).ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        double[] all = [.. times.SelectMany(static some => some).Order()];

        // Each caller's own time: a long run ends after the others'.
        return (times.Sum(some => some.Count * rows / (some.Sum() / 1000)), Loops.Percentile(all, 0.5));
    }

    public void Dispose() => _session.Dispose();

    private List<double> Run(int rows, double seconds, int seed)
    {
        var times = new List<double>();
        var columns = _shape.Aggregate(1, static (product, size) => product * size);
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(SpeedRequests.Values(seed, rows * columns), [rows, .. _shape.Select(static size => (long)size)]);
        using var output = OrtValue.CreateTensorValueFromMemory(new float[rows * _outputs], [rows, _outputs]);
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
