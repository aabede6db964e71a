using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Features;

/// <summary>Takes the ids of one channel as often as they are there, and gives each once, in order of first occurrence, with its count.</summary>
/// <remarks>
/// Two bits per possible id say whether it was seen and seen again, so that the loop over all ids has no branch to guess: most texts have few ids twice, and only those are looked up in
/// a table. The bits are 0 between channels.
/// </remarks>
internal sealed class FeatureCounter
{
    private const ulong SeenBit = 1;
    private const ulong BothBits = 3;
    private const int IdsPerWordLog = 5;
    private const int FewMax = 32;

    private ulong[] _bits = [];
    private uint[] _repeated = [];
    private int[] _places = [];
    private readonly byte[] _fewCounts = new byte[FewMax];
    private bool _areFew;
    private uint[] _keys = new uint[64];
    private int[] _counts = new int[64];
    private uint _mask;

    /// <summary>Places, among those that <see cref="Distinct"/> wrote, of ids that are there more than once; ascending.</summary>
    public ReadOnlySpan<int> Places => _places.AsSpan(0, PlaceCount);

    private int PlaceCount { get; set; }

    /// <param name="occurrences">Below 2^<paramref name="bits"/>; of eight and fewer a whole vector is read, whatever is behind them.</param>
    /// <param name="distinct">Receives each id once; as long as <paramref name="occurrences"/>, and a vector at least.</param>
    /// <returns>How many there are.</returns>
    public int Distinct(ReadOnlySpan<uint> occurrences, Span<int> distinct, int bits)
    {
        EnsureRoom(occurrences.Length, bits);
        _areFew = Vector256.IsHardwareAccelerated && occurrences.Length <= FewMax && occurrences.Length > 0;
        if (_areFew)
        {
            return DistinctFew(occurrences, distinct);
        }

        ref var words = ref MemoryMarshal.GetArrayDataReference(_bits);
        ref var once = ref MemoryMarshal.GetReference(distinct[..occurrences.Length]);
        ref var again = ref MemoryMarshal.GetArrayDataReference(_repeated);
        var (count, repeats) = (0, 0);
        foreach (var id in occurrences)
        {
            // Every id is written to both lists; only one of them grows.
            ref var word = ref Unsafe.Add(ref words, id >> IdsPerWordLog);
            var shift = (int)(id << 1);
            var isSeen = (word >> shift) & SeenBit;
            word |= (SeenBit | (isSeen << 1)) << shift;
            Unsafe.Add(ref once, count) = (int)id;
            count += 1 - (int)isSeen;
            Unsafe.Add(ref again, repeats) = id;
            repeats += (int)isSeen;
        }

        Forget(ref words, distinct[..count]);
        Count(_repeated.AsSpan(0, repeats));
        return count;
    }

    /// <summary>How often an id is there that <see cref="Distinct"/> was given.</summary>
    /// <param name="place">The id's, among those that <see cref="Distinct"/> wrote.</param>
    public int CountOf(uint id, int place)
    {
        if (_areFew)
        {
            return _fewCounts[place];
        }

        for (var slot = SlotOf(id); _keys[slot] != 0; slot = (slot + 1) & _mask)
        {
            if (_keys[slot] == id + 1)
            {
                return _counts[slot] + 1;
            }
        }

        return 1;
    }

    // Each beside all others at once, instead of bits in memory that no cache near the processor holds.
    private int DistinctFew(ReadOnlySpan<uint> occurrences, Span<int> distinct)
    {
        if (occurrences.Length <= Vector256<uint>.Count)
        {
            return DistinctFewest(occurrences, distinct);
        }

        Span<uint> all = stackalloc uint[FewMax];
        occurrences.CopyTo(all);
        ref var first = ref MemoryMarshal.GetReference(all);
        var (one, two) = (Vector256.LoadUnsafe(ref first), Vector256.LoadUnsafe(ref first, 8));
        var (three, four) = (Vector256.LoadUnsafe(ref first, 16), Vector256.LoadUnsafe(ref first, 24));
        var valid = occurrences.Length == FewMax ? uint.MaxValue : (1U << occurrences.Length) - 1;
        var (count, repeats) = (0, 0);
        for (var place = 0; place < occurrences.Length; place++)
        {
            var id = Vector256.Create(occurrences[place]);
            var same = valid & (Vector256.Equals(one, id).ExtractMostSignificantBits() | (Vector256.Equals(two, id).ExtractMostSignificantBits() << 8)
                | (Vector256.Equals(three, id).ExtractMostSignificantBits() << 16) | (Vector256.Equals(four, id).ExtractMostSignificantBits() << 24));
            var isFirst = BitOperations.TrailingZeroCount(same) == place ? 1 : 0;
            var times = BitOperations.PopCount(same);
            distinct[count] = (int)occurrences[place];
            _fewCounts[count] = (byte)times;
            _places[repeats] = count;
            count += isFirst;
            repeats += isFirst & (times > 1 ? 1 : 0);
        }

        PlaceCount = repeats;
        return count;
    }

    // Most texts of few words have none twice: then there is nothing to count.
    private int DistinctFewest(ReadOnlySpan<uint> occurrences, Span<int> distinct)
    {
        var (lanes, seen) = (Vector256<uint>.Indices, Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(occurrences)));

        // What is behind the last is no id, and each another.
        var all = Vector256.ConditionalSelect(Vector256.LessThan(lanes, Vector256.Create((uint)occurrences.Length)), seen, lanes | Vector256.Create(1U << 31));
        var twice = Vector256.Equals(all, Vector256.Shuffle(all, Vector256.Create(1U, 2, 3, 4, 5, 6, 7, 0)))
            | Vector256.Equals(all, Vector256.Shuffle(all, Vector256.Create(2U, 3, 4, 5, 6, 7, 0, 1)))
            | Vector256.Equals(all, Vector256.Shuffle(all, Vector256.Create(3U, 4, 5, 6, 7, 0, 1, 2)))
            | Vector256.Equals(all, Vector256.Shuffle(all, Vector256.Create(4U, 5, 6, 7, 0, 1, 2, 3)));
        if (twice == Vector256<uint>.Zero)
        {
            seen.AsInt32().CopyTo(distinct);
            MemoryMarshal.Write(_fewCounts, 0x0101_0101_0101_0101UL);
            PlaceCount = 0;
            return occurrences.Length;
        }

        var (count, repeats) = (0, 0);
        for (var place = 0; place < occurrences.Length; place++)
        {
            var same = Vector256.Equals(all, Vector256.Create(occurrences[place])).ExtractMostSignificantBits();
            var isFirst = BitOperations.TrailingZeroCount(same) == place ? 1 : 0;
            var times = BitOperations.PopCount(same);
            distinct[count] = (int)occurrences[place];
            _fewCounts[count] = (byte)times;
            _places[repeats] = count;
            count += isFirst;
            repeats += isFirst & (times > 1 ? 1 : 0);
        }

        PlaceCount = repeats;
        return count;
    }

    // Clears the bits and keeps the places of ids that were seen again.
    private void Forget(ref ulong words, ReadOnlySpan<int> distinct)
    {
        ref var places = ref MemoryMarshal.GetArrayDataReference(_places);
        var count = 0;
        for (var place = 0; place < distinct.Length; place++)
        {
            var id = (uint)distinct[place];
            ref var word = ref Unsafe.Add(ref words, id >> IdsPerWordLog);
            var shift = (int)(id << 1);
            Unsafe.Add(ref places, count) = place;
            count += (int)((word >> shift) >> 1) & 1;
            word &= ~(BothBits << shift);
        }

        PlaceCount = count;
    }

    private void Count(ReadOnlySpan<uint> repeated)
    {
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, repeated.Length * 2));
        if (_keys.Length < size)
        {
            (_keys, _counts) = (new uint[size], new int[size]);
        }

        _mask = size - 1;
        _keys.AsSpan(0, (int)size).Clear();
        foreach (var id in repeated)
        {
            var slot = SlotOf(id);
            while (_keys[slot] != 0 && _keys[slot] != id + 1)
            {
                slot = (slot + 1) & _mask;
            }

            _counts[slot] = _keys[slot] == 0 ? 1 : _counts[slot] + 1;
            _keys[slot] = id + 1;
        }
    }

    private uint SlotOf(uint id) => ((id * 0x9E37_79B1) >> 7) & _mask;

    private void EnsureRoom(int occurrences, int bits)
    {
        if (_bits.Length < 1 << Math.Max(0, bits - IdsPerWordLog))
        {
            _bits = new ulong[1 << Math.Max(0, bits - IdsPerWordLog)];
        }

        if (_repeated.Length <= occurrences)
        {
            var room = (int)BitOperations.RoundUpToPowerOf2((uint)occurrences + 1);
            (_repeated, _places) = (new uint[room], new int[room]);
        }
    }
}
