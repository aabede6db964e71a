using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Load;

/// <summary>The same model called in this process, one row at a time, by as many threads as there are processors: what no protocol can beat.</summary>
internal sealed class DirectSession : IDisposable
{
    public const int Columns = 15;

    private readonly InferenceSession _session;

    public DirectSession(string modelPath)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new InferenceSession(modelPath, options);
    }

    /// <returns>Runs per second.</returns>
    public async Task<double> MeasureAsync(double seconds)
    {
        var counts = await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(thread => Task.Factory.StartNew(
            () => Run(seconds, thread), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return counts.Sum() / seconds;
    }

    public void Dispose() => _session.Dispose();

    private long Run(double seconds, int seed)
    {
        var row = Requests.Row(seed);
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(row, [1, Columns]);
        var started = Stopwatch.GetTimestamp();
        var count = 0L;
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            using var outputs = _session.Run(run, ["features"], [input], ["probability"]);
            count++;
        }

        return count;
    }
}
