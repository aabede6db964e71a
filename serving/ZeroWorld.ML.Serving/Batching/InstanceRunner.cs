namespace ZeroWorld.ML.Serving;

/// <summary>One instance of a model with what running batches on it needs. Held by one thread at a time.</summary>
/// <remarks>
/// Short runs go to the thread pool: the next batch then stands behind the requests that are being read, and gets larger by them. Long runs have a thread of their own,
/// since a pool thread that computes for milliseconds is one that answers nobody.
/// </remarks>
internal sealed class InstanceRunner(BatchScheduler owner, IModelInstance instance) : IThreadPoolWorkItem, IDisposable
{
    // A monitor, since a semaphore looks again and again before it sleeps, and gives up its turn each time (sched_yield): for a model that is a turn of milliseconds.
    private readonly object _wake = new();
    private Thread? _thread;
    private bool _isCalled;
    private bool _isDisposed;

    public IModelInstance Instance { get; } = instance;

    public BatchBuffers Buffers { get; } = new(instance.Signature);

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

        Wake(isLast: false);
    }

    /// <summary>Whether the calling thread is the runner's own, on which nothing but the model should run.</summary>
    public bool IsOnOwnThread => _thread is not null && Thread.CurrentThread == _thread;

    public void Execute() => owner.RunNext(this);

    /// <summary>Frees the instance. Called when nobody holds it.</summary>
    public void Dispose()
    {
        Wake(isLast: true);
        _thread?.Join();
        Instance.Dispose();
    }

    private void Wake(bool isLast)
    {
        lock (_wake)
        {
            _isCalled = true;
            _isDisposed |= isLast;
            Monitor.Pulse(_wake);
        }
    }

    /// <returns><see langword="false"/>: there is nothing to run any more.</returns>
    private bool WaitForCall()
    {
        lock (_wake)
        {
            while (!_isCalled)
            {
                Monitor.Wait(_wake);
            }

            _isCalled = false;
            return !_isDisposed;
        }
    }

    private void RunThread()
    {
        ScheduledThread.TryLengthenSlices();
        while (WaitForCall())
        {
            owner.RunNext(this);
        }
    }
}
