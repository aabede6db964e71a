using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Some rows of a table, and the place of each among them.</summary>
/// <remarks>A bit per row of the table and an int32 per 64 rows. Adding may run concurrently, before <see cref="Complete"/>; asking after it.</remarks>
internal sealed class RowSelection
{
    // Bits that all threads set in the same words go from processor to processor with each: up to here each thread has its own.
    private const long MarkBytesMax = 1 << 28;

    private readonly ulong[] _words;
    private readonly int[] _before;
    private readonly bool _isShared;
    private readonly ConcurrentBag<ulong[]> _marks;

    /// <param name="rows">Of the table.</param>
    /// <param name="threads">That add.</param>
    public RowSelection(long rows, int threads)
    {
        // One at least, which is there to be left as it is.
        _words = new ulong[Math.Max(rows + 63, 64) / 64];
        _before = new int[_words.Length + 1];
        _marks = [_words];
        _isShared = (long)threads * _words.Length * sizeof(ulong) > MarkBytesMax;
    }

    /// <summary>Rows selected.</summary>
    public int Count => _before[^1];

    /// <returns>Where one thread adds rows; it gives it back by <see cref="GiveBack"/>.</returns>
    public ulong[] TakeMarks() => _isShared ? _words : _marks.TryTake(out var marks) ? marks : new ulong[_words.Length];

    public void GiveBack(ulong[] marks)
    {
        if (!_isShared)
        {
            _marks.Add(marks);
        }
    }

    /// <summary>Adds a row, again or for the first time, without a branch on whether it is one, which nobody could foresee.</summary>
    /// <param name="isOne">Else nothing is added, and the row may be none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong[] marks, long row, bool isOne)
    {
        ref var word = ref marks[Math.Max(row, 0) >> 6];
        var bit = (isOne ? 1UL : 0) << (int)(row & 63);
        if (!_isShared)
        {
            word |= bit;
        }
        else if ((Volatile.Read(ref word) & bit) != bit)
        {
            Interlocked.Or(ref word, bit);
        }
    }

    public void Complete()
    {
        ulong[][] others = [.. _marks.Where(marks => marks != _words)];
        _marks.Clear();
        for (var word = 0; word < _words.Length; word++)
        {
            foreach (var marks in others)
            {
                _words[word] |= marks[word];
            }

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
