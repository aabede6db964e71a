namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Lets calls of LightGBM run side by side while they use the same number of threads.</summary>
/// <remarks>
/// The library keeps that number in one place for the whole process and sizes buffers by it: a call with more threads beside one with fewer would write past their end. Its
/// models do not depend on the number. Thread safe; a waiting caller holds its thread, as the call itself does.
/// </remarks>
internal static class LightGbmThreads
{
    private static readonly object Gate = new();
    private static int _threads;
    private static int _callers;

    /// <param name="threads">1 or more; what the call tells the library.</param>
    internal static T Run<T>(int threads, Func<T> call)
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
            return call();
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
}
