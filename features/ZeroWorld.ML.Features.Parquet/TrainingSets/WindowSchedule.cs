namespace ZeroWorld.ML.Features.Parquet;

/// <summary>How the windowed views of a range are joined: by how many partitions of their entities, how many at once, with how many of the engine's threads. Pure.</summary>
/// <param name="Partitions">Per view; each one scans the view's table.</param>
/// <param name="Workers">Partitions, of whatever view, that are joined at once.</param>
/// <param name="EngineThreads">Threads that the engine may take for all of them.</param>
internal readonly record struct WindowSchedule(int Partitions, int Workers, int EngineThreads)
{
    /// <summary>Scans of a table at most; what is larger still is sorted out of core.</summary>
    internal const int PartitionsMax = 16;

    // Each query and each thread of the engine holds buffers of the files that it reads, which cannot be spilled.
    private const long ThreadBytes = 32L << 20;

    /// <param name="viewBytes">Per windowed view what its sorts take.</param>
    /// <param name="threads">Threads of the operation.</param>
    /// <param name="memoryBytes">Memory of the engine.</param>
    public static WindowSchedule Of(ReadOnlySpan<long> viewBytes, int threads, long memoryBytes)
    {
        var largest = 0L;
        foreach (var bytes in viewBytes)
        {
            largest = Math.Max(largest, bytes);
        }

        var partitions = (threads + viewBytes.Length - 1) / viewBytes.Length;
        var workers = Math.Min(threads, viewBytes.Length * partitions);

        if ((double)largest / partitions * workers <= memoryBytes * 1.5)
        {
            return new WindowSchedule(partitions, workers, threads);
        }

        // Sorts that do not fit together each hold on to what the others need, and fail; one that is alone spills.
        var few = (int)Math.Clamp(memoryBytes / ThreadBytes, 1, threads);
        var needed = ((double)largest * few / memoryBytes) + 1;
        return needed <= PartitionsMax ? new WindowSchedule((int)needed, few, few) : new WindowSchedule(PartitionsMax, 1, few);
    }
}
