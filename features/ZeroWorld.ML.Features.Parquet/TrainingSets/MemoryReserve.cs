namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Memory that a join has no use for any more, for the next one: of a spine that takes several ranges, or of the next training set.</summary>
/// <remarks>
/// New memory is dear: each page is cleared, and on a virtual machine found for it. What nobody takes for half a minute goes back to the system. Thread safe.
/// </remarks>
internal static class MemoryReserve
{
    // Less is soon made.
    private const long BytesMin = 1 << 24;
    private const long BytesMax = 1L << 30;
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(30);
    private static readonly Lock Guard = new();
    private static readonly List<(nint Start, long Bytes)> Kept = [];
    private static readonly ITimer Timer = TimeProvider.System.CreateTimer(static _ => Clear(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Takes the least that is large enough, unless it is so large that another one needs it more.</summary>
    public static bool TryTake(long bytes, out nint start, out long kept)
    {
        lock (Guard)
        {
            var best = -1;
            for (var index = 0; index < Kept.Count; index++)
            {
                var size = Kept[index].Bytes;
                best = size >= bytes && size / 2 <= bytes && (best < 0 || size < Kept[best].Bytes) ? index : best;
            }

            (start, kept) = best < 0 ? default : Kept[best];
            if (best >= 0)
            {
                Kept.RemoveAt(best);
            }

            return best >= 0;
        }
    }

    /// <summary>Keeps memory of <see cref="NativeWords"/>, or gives it back.</summary>
    public static void Keep(nint start, long bytes)
    {
        lock (Guard)
        {
            if (bytes >= BytesMin && Kept.Sum(static one => one.Bytes) + bytes <= BytesMax)
            {
                Kept.Add((start, bytes));
                Timer.Change(Age, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        NativeWords.Free(start, bytes);
    }

    /// <summary>Gives everything back.</summary>
    public static void Clear()
    {
        lock (Guard)
        {
            Kept.ForEach(static one => NativeWords.Free(one.Start, one.Bytes));
            Kept.Clear();
        }
    }
}
