using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Load;

/// <summary>A queue and the thread that runs what is in it, up to a bound, as one batch.</summary>
internal sealed class BareBatcher
{
    private const int RowsMax = 64;
    private readonly Channel<Row> _queue = Channel.CreateBounded<Row>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly InferenceSession _session;
    private readonly int _columns;

    public BareBatcher(string modelPath)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(modelPath, options);
        _columns = _session.InputMetadata["x"].Dimensions[1];
        new Thread(Run) { IsBackground = true }.Start();
    }

    public Task<float> RunAsync(ReadOnlyMemory<byte> input)
    {
        var row = new Row(input, new TaskCompletionSource<float>(TaskCreationOptions.RunContinuationsAsynchronously));
        _queue.Writer.TryWrite(row);
        return row.Output.Task;
    }

    private void Run()
    {
        var batch = new List<Row>(RowsMax);
        var inputs = new float[RowsMax * _columns];
        var outputs = new float[RowsMax];
        using var options = new RunOptions();
        string[] inputNames = ["x"];
        string[] outputNames = ["y"];
        while (true)
        {
            if (!_queue.Reader.TryRead(out var row))
            {
#pragma warning disable RS0030 // The thread has nothing else to do.
                _queue.Reader.WaitToReadAsync().AsTask().Wait();
#pragma warning restore RS0030
                continue;
            }

            batch.Clear();
            do
            {
                batch.Add(row);
            }
            while (batch.Count < RowsMax && _queue.Reader.TryRead(out row));
            for (var index = 0; index < batch.Count; index++)
            {
                MemoryMarshal.Cast<byte, float>(batch[index].Input.Span).CopyTo(inputs.AsSpan(index * _columns));
            }

            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, inputs.AsMemory(0, batch.Count * _columns), [batch.Count, _columns]);
            using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, outputs.AsMemory(0, batch.Count), [batch.Count, 1]);
            _session.Run(options, inputNames, [input], outputNames, [output]);
            for (var index = 0; index < batch.Count; index++)
            {
                batch[index].Output.SetResult(outputs[index]);
            }
        }
    }

    private sealed record Row(ReadOnlyMemory<byte> Input, TaskCompletionSource<float> Output);
}
