namespace ZeroWorld.ML.Serving;

/// <summary>One instance of a model with what running batches on it needs. Held by one thread at a time.</summary>
/// <remarks>
/// Short runs go to the thread pool: the next batch then stands behind the requests that are being read, and gets larger by them. Long runs have a thread of their own,
/// since a pool thread that computes for milliseconds is one that answers nobody.
/// </remarks>
internal sealed class InstanceRunner(BatchScheduler owner, IModelInstance instance) : IThreadPoolWorkItem, IDisposable
{
    private readonly SemaphoreSlim _wake = new(0);
    private Thread? _thread;
    private bool _isDisposed;

    public IModelInstance Instance { get; } = instance;

    public BatchBuffers Buffers { get; } = new(instance.Signature.Inputs.Count);

    public List<InferenceTask> Batch { get; } = [];

    public List<BatchOutputs> Parts { get; } = [];

    /// <summary>Has the owner run the next batch on this instance soon, on another thread.</summary>
    public void Start(bool hasOwnThread)
    {
        if (!hasOwnThread)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        if (_thread is null)
        {
            _thread = new Thread(RunThread) { IsBackground = true, Name = "model instance" };

            // Without the context of the request that happens to be the first.
            _thread.UnsafeStart();
        }

        _wake.Release();
    }

    /// <summary>Whether the calling thread is the runner's own, on which nothing but the model should run.</summary>
    public bool IsOnOwnThread => _thread is not null && Thread.CurrentThread == _thread;

    public void Execute() => owner.RunNext(this);

    /// <summary>Frees the instance. Called when nobody holds it.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _wake.Release();
        _thread?.Join();
        Instance.Dispose();
        _wake.Dispose();
    }

    private void RunThread()
    {
        ComputeThread.TryLengthenSlices();
        while (true)
        {
            _wake.Wait();
            if (_isDisposed)
            {
                return;
            }

            owner.RunNext(this);
        }
    }
}
