namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Scans the slices of a table by all threads of the engine.</summary>
internal static class SliceScan
{
    /// <param name="isNeeded">Whether a slice is.</param>
    /// <param name="expressions">What to read.</param>
    /// <param name="take">Called for the vectors of a slice, from the worker of the given number, 0 and up.</param>
    /// <param name="scanned">Receives rows done, from any thread.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a file is another one by now.</exception>
    public static void Run(
        DuckDbSession session,
        SourceQuery source,
        IReadOnlyList<SourceSlice> slices,
        Func<SourceSlice, bool> isNeeded,
        IReadOnlyList<string> expressions,
        Action<DuckDbChunk, SourceSlice, int> take,
        Action<long> scanned,
        CancellationToken cancellationToken)
    {
        SourceSlice[] needed = [.. slices.Where(isNeeded)];
        scanned(slices.Sum(static slice => slice.Rows) - needed.Sum(static slice => slice.Rows));
        foreach (var slice in SourceSlice.Join(needed))
        {
            session.Visit(
                source.SliceStatement(slice, expressions),
                (rows, worker) =>
                {
                    slice.Require(rows.Column(0).Int64);
                    take(rows, slice, worker);
                    scanned(rows.Count);
                },
                cancellationToken);
        }
    }
}
