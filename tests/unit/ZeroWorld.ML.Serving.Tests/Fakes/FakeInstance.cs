using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>A model that is a function. Remembers the rows of its runs and can hold them at a gate.</summary>
internal sealed class FakeInstance(ModelSignature signature, Func<TensorBuffer[], TensorBuffer[]> body, string device = "cpu") : IModelInstance
{
    private readonly Lock _lock = new();
    private readonly List<int> _batchRows = [];
    private TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManualResetEventSlim? _gate;
    private int _inside;

    /// <summary>features [-1, columns] FP32 in, probability [-1, 1] FP32 out: each row's bits depend on all its values.</summary>
    public static ModelSignature ScoreSignature(int columns) => new(
        [new TensorSpec("features", TensorDtype.Float32, [-1, columns])], [new TensorSpec("probability", TensorDtype.Float32, [-1, 1])]);

    public ModelSignature Signature { get; } = signature;

    public string Device { get; } = device;

    public bool IsDisposed { get; private set; }

    public bool WasEnteredTwice { get; private set; }

    public int? LastThread { get; private set; }

    public IReadOnlyList<int> BatchRows
    {
        get
        {
            lock (_lock)
            {
                return [.. _batchRows];
            }
        }
    }

    /// <summary>Completes when a run has reached the gate.</summary>
    public Task Running
    {
        get
        {
            lock (_lock)
            {
                return _running.Task;
            }
        }
    }

    public static FakeInstance Score(int columns) => new(ScoreSignature(columns), ScoreRows);

    public static TensorBuffer[] ScoreRows(TensorBuffer[] inputs)
    {
        var rows = inputs[0].Rows;
        var columns = (int)inputs[0].Shape[1];
        var scores = new float[rows];
        for (var row = 0; row < rows; row++)
        {
            scores[row] = ScoreRow(inputs[0].AsSpan<float>().Slice(row * columns, columns));
        }

        return [TensorBuffer.OfFloat32([rows, 1], scores)];
    }

    public static float ScoreRow(ReadOnlySpan<float> values)
    {
        var hash = new HashCode();
        foreach (var value in values)
        {
            hash.Add(BitConverter.SingleToInt32Bits(value));
        }

        // HashCode is seeded per process, which is all that a test needs: equal rows give equal scores, others do not.
        return (uint)hash.ToHashCode() / (float)uint.MaxValue;
    }

    /// <summary>Holds every run from now on until <see cref="Open"/>.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _gate = new ManualResetEventSlim();
            _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Open()
    {
        lock (_lock)
        {
            _gate?.Set();
            _gate = null;
        }
    }

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs)
    {
        WasEnteredTwice |= Interlocked.Increment(ref _inside) > 1;
        ManualResetEventSlim? gate;
        lock (_lock)
        {
            _batchRows.Add(inputs[0].Rows);
            gate = _gate;
            _running.TrySetResult();
            LastThread = Environment.CurrentManagedThreadId;
        }

        gate?.Wait(TimeSpan.FromSeconds(30));
        try
        {
            return body(inputs.ToArray());
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public void Dispose() => IsDisposed = true;
}
