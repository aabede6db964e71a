namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Scans the slices of a table with several threads.</summary>
internal static class SliceScan
{
    /// <param name="expressions">What to read of a slice; <see langword="null"/>: the slice is not needed.</param>
    /// <param name="take">Called for the vectors of a slice, from the worker of the given number, 0 and up.</param>
    /// <param name="scanned">Receives rows done, from any thread.</param>
    public static void Run(
        DuckDbSession session,
        SourceQuery source,
        IReadOnlyList<SourceSlice> slices,
        int threads,
        Func<SourceSlice, IEnumerable<string>?> expressions,
        Action<DuckDbVectors, SourceSlice, int> take,
        Action<long> scanned,
        CancellationToken cancellationToken)
    {
        // Each worker runs its own scan: the engine's threads would only wait for each other.
        using var alone = session.LimitThreads(1);
        var next = -1;
        Parallelism.Run(threads, worker =>
        {
            while (Interlocked.Increment(ref next) is var index && index < slices.Count)
            {
                var slice = slices[index];
                if (expressions(slice) is { } needed)
                {
                    using var rows = session.QueryVectors(source.SliceStatement(slice, needed), cancellationToken);
                    while (rows.Read())
                    {
                        take(rows, slice, worker);
                    }
                }

                scanned(slice.Rows);
            }
        });
    }
}
