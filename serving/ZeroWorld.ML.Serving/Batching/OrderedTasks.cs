namespace ZeroWorld.ML.Serving;

/// <summary>Tells callers of their results in the order of the runs, and of the requests within a run: one at a time, on one thread of the pool.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OrderedTasks : IThreadPoolWorkItem
{
    private readonly Lock _lock = new();

    // Bounded by the queue of the model: what is here has left it and is told next.
    private readonly Queue<InferenceTask[]> _finished = new();
    private bool _isTelling;

    public void Add(InferenceTask[] tasks)
    {
        lock (_lock)
        {
            _finished.Enqueue(tasks);
            if (_isTelling)
            {
                return;
            }

            _isTelling = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        while (true)
        {
            InferenceTask[]? tasks;
            lock (_lock)
            {
                if (!_finished.TryDequeue(out tasks))
                {
                    _isTelling = false;
                    return;
                }
            }

            foreach (var task in tasks)
            {
                task.Tell();
            }
        }
    }
}
