using System.Numerics;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Some rows of a table, and the place of each among them.</summary>
/// <remarks>A bit per row of the table and an int32 per 64 rows. Adding may run concurrently, before <see cref="Complete"/>; asking after it.</remarks>
internal sealed class RowSelection(long rows)
{
    private readonly ulong[] _words = new ulong[(rows + 63) / 64];
    private readonly int[] _before = new int[((rows + 63) / 64) + 1];

    /// <summary>Rows selected.</summary>
    public int Count => _before[^1];

    public void Add(long row)
    {
        ref var word = ref _words[row >> 6];
        var bit = 1UL << (int)(row & 63);
        if ((Volatile.Read(ref word) & bit) == 0)
        {
            Interlocked.Or(ref word, bit);
        }
    }

    public void Complete()
    {
        for (var word = 0; word < _words.Length; word++)
        {
            _before[word + 1] = _before[word] + BitOperations.PopCount(_words[word]);
        }
    }

    /// <returns>The row's place among those selected, or -1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(long row)
    {
        var (word, bit) = (_words[row >> 6], 1UL << (int)(row & 63));
        return (word & bit) == 0 ? -1 : _before[row >> 6] + BitOperations.PopCount(word & (bit - 1));
    }

    /// <summary>Whether any of <c>from &lt;= row &lt; to</c> is selected, give or take 63 rows at the ends.</summary>
    public bool HasAny(long from, long to) => _before[(to + 63) >> 6] > _before[from >> 6];
}
