using static TorchSharp.torch;

namespace ZeroWorld.ML.Training;

/// <summary>One user of libtorch at a time, of all kinds of training in a process: its random numbers and its number of threads are of the process.</summary>
public static class TorchGate
{
    private static readonly Lock Gate = new();

    /// <summary>Waits until nobody else uses libtorch, runs the work with so many of its threads, and gives their number back. Thread safe.</summary>
    /// <param name="threads">Threads of libtorch, 1 or more.</param>
    /// <param name="work">Runs on the caller's thread.</param>
    public static T Run<T>(int threads, Func<T> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentNullException.ThrowIfNull(work);
        lock (Gate)
        {
            var before = get_num_threads();
            set_num_threads(threads);
            try
            {
                return work();
            }
            finally
            {
                set_num_threads(before);
            }
        }
    }
}
