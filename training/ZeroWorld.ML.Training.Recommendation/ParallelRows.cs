using System.Runtime.ExceptionServices;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Runs independent rows on all processors. A failure of a row is thrown as it is.</summary>
internal static class ParallelRows
{
    /// <param name="scratch">Makes what a thread keeps between its rows.</param>
    internal static void For<T>(int count, Func<T> scratch, Action<int, T> run, CancellationToken cancellationToken)
    {
        try
        {
            Parallel.For(
                0,
                count,
                new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
                scratch,
                (row, _, kept) =>
                {
                    run(row, kept);
                    return kept;
                },
                static _ => { });
        }
        catch (AggregateException exception) when (exception.InnerException is TrainingException inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }
}
