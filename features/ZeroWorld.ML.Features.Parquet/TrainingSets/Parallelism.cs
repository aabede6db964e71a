using System.Runtime.ExceptionServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Several workers on one job; whatever stopped the first of them is what the caller sees.</summary>
internal static class Parallelism
{
    /// <param name="workers">1 or more; 1 runs on the caller's thread.</param>
    public static void Run(int workers, Action<int> work)
    {
        if (workers == 1)
        {
            work(0);
            return;
        }

        try
        {
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, work);
        }
        catch (AggregateException exception)
        {
            // The others stopped for the same reason, or not at all. A cancellation only counts where nothing failed.
            var first = exception.InnerExceptions.FirstOrDefault(static inner => inner is not OperationCanceledException) ?? exception.InnerExceptions[0];
            ExceptionDispatchInfo.Throw(first);
        }
    }
}
