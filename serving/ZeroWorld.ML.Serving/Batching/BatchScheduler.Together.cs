namespace ZeroWorld.ML.Serving;

/// <content>Requests that come together on one thread: their rows share a run on that thread, and nobody else is woken.</content>
internal sealed partial class BatchScheduler : IThreadPoolWorkItem
{
    /// <summary><see cref="RunAsync"/> for one of several requests that come together on one thread: it only waits. Their caller executes the scheduler when all are there, and they share a run.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public ValueTask<BatchOutputs> RunTogetherAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = GetTimestampBefore(urgency);
        InferenceTask task;
        lock (_lock)
        {
            task = CreateTask(inputs, rows, urgency, now);
            Enqueue_NeedsLock(task);
        }

        return task.WaitAsync(cancellationToken);
    }

    /// <summary>Runs what waits, on this thread where the instance is idle and its runs are short; else it is run as if it had come by <see cref="RunAsync"/>.</summary>
    public void Execute()
    {
        InstanceRunner? mine = null;
        lock (_lock)
        {
            if (!_mayRunInline || _isStopping || AverageRun >= OwnThreadFrom || Volatile.Read(ref _queuedTasks) == 0 || !MayRun_NeedsLock() || !_idle.TryPop(out mine))
            {
                Next_NeedsLock(_time.GetTimestamp());
            }
        }

        if (mine is not null)
        {
            RunNext(mine);
        }
    }
}
