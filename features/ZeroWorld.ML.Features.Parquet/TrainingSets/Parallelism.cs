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

    /// <summary>Cuts what is to be done into pieces for the workers, which each take the next one.</summary>
    /// <param name="count">How much there is.</param>
    /// <param name="work">Called with the first of a piece and the first behind it, from any worker.</param>
    /// <param name="pieceMin">Less than so many are not worth a call.</param>
    public static void RunPieces(int workers, int count, Action<int, int> work, int pieceMin = 1 << 14)
    {
        const int PiecesPerWorker = 8;
        var piece = Math.Max(pieceMin, (int)(((long)count + (PiecesPerWorker * workers) - 1) / (PiecesPerWorker * workers)));
        var pieces = (int)(((long)count + piece - 1) / piece);
        var next = -1;
        Run(Math.Clamp(pieces, 1, workers), _ =>
        {
            while (Interlocked.Increment(ref next) is var index && index < pieces)
            {
                work(index * piece, (int)Math.Min(((long)index + 1) * piece, count));
            }
        });
    }
}
