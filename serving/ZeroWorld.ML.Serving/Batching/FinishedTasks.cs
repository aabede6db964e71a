namespace ZeroWorld.ML.Serving;

/// <summary>Tasks of one run whose results are there: their callers are told one after another, on one thread, instead of each by a wake-up of its own.</summary>
internal sealed class FinishedTasks(InferenceTask[] tasks, int start, int count) : IThreadPoolWorkItem
{
    // What the callers do then takes a few microseconds each: more of them than this share the processors.
    private const int GroupMax = 12;

    /// <param name="isOnPool">Whether this thread may do what the callers do next.</param>
    public static void Tell(InferenceTask[] tasks, bool isOnPool)
    {
        // Where threads of the pool have work before them, nobody would get to the others sooner.
        var here = !isOnPool ? 0 : ThreadPool.PendingWorkItemCount > 0 ? tasks.Length : Math.Min(GroupMax, tasks.Length);
        for (var start = here; start < tasks.Length; start += GroupMax)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new FinishedTasks(tasks, start, Math.Min(GroupMax, tasks.Length - start)), preferLocal: false);
        }

        Tell(tasks, 0, here);
    }

    public void Execute() => Tell(tasks, start, count);

    private static void Tell(InferenceTask[] tasks, int start, int count)
    {
        for (var index = start; index < start + count; index++)
        {
            tasks[index].Tell();
        }
    }
}
