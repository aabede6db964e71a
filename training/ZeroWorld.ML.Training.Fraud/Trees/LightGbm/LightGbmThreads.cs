using System.Collections.Concurrent;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Lets calls of LightGBM run side by side while they use one thread each, and those with several threads one after the other, all of them from one thread.</summary>
/// <remarks>
/// The library keeps the number of threads in one place for the whole process and sizes buffers by it: a call with more threads beside one with fewer would write past their end. Its
/// models do not depend on the number. OpenMP keeps helpers for each thread that ever called it with several, and as soon as all of them together are more than the processors, a
/// helper sleeps instead of spinning until the next piece of work: trees of depth 6 then grow 1.7 times as long. So one thread makes all calls that may use several. Thread safe; a waiting
/// caller holds its thread, as the call itself does.
/// </remarks>
internal static class LightGbmThreads
{
    private static readonly object Gate = new();
    private static readonly Lazy<BlockingCollection<Action>> Calls = new(StartCaller);
    private static int _threads;
    private static int _callers;

    /// <param name="threads">1 or more; what the call tells the library.</param>
    /// <param name="call">Makes no calls by this method itself.</param>
    internal static T Run<T>(int threads, Func<T> call) => Run(threads, call, isByCaller: threads > 1);

    /// <summary>A short call that cannot tell the library how many threads to use: it uses as many as the last call told.</summary>
    internal static T RunUntold<T>(Func<T> call) => Run(1, call, isByCaller: true);

    private static T Run<T>(int threads, Func<T> call, bool isByCaller)
    {
        lock (Gate)
        {
            while (_callers > 0 && _threads != threads)
            {
                Monitor.Wait(Gate);
            }

            _threads = threads;
            _callers++;
        }

        try
        {
            return isByCaller ? RunOnCaller(call) : call();
        }
        finally
        {
            lock (Gate)
            {
                _callers--;
                Monitor.PulseAll(Gate);
            }
        }
    }

    private static T RunOnCaller<T>(Func<T> call)
    {
        var task = new Task<T>(call);
        Calls.Value.Add(() => task.RunSynchronously(TaskScheduler.Default));

        // Throws what the call threw.
        return task.GetAwaiter().GetResult();
    }

    private static BlockingCollection<Action> StartCaller()
    {
        var calls = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var call in calls.GetConsumingEnumerable())
            {
                call();
            }
        })
        {
            IsBackground = true,
            Name = "LightGBM",
        }.Start();
        return calls;
    }
}
