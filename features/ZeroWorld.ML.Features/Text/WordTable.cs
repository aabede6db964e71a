using System.Numerics;

namespace ZeroWorld.ML.Features;

/// <summary>Numbers by the hash of a word, in open addressing: a look-up reads one line of memory. Thread safe to read.</summary>
internal sealed class WordTable
{
    /// <summary>What <see cref="Find"/> gives for a hash that is not there.</summary>
    public const int Absent = -2;

    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <param name="countMax">As many hashes may be set.</param>
    public WordTable(int countMax)
    {
        var bits = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, countMax))) + 1;
        (_slots, _shift) = (new Slot[1 << bits], 64 - bits);
    }

    /// <returns>The number, or <see cref="Absent"/>.</returns>
    public int Find(ulong hash)
    {
        for (var place = (int)(hash >> _shift); ; place = (place + 1) & (_slots.Length - 1))
        {
            ref readonly var slot = ref _slots[place];
            if (slot.Value == 0 || slot.Hash == hash)
            {
                return slot.Value + Absent;
            }
        }
    }

    /// <param name="value">Above <see cref="Absent"/>.</param>
    public void Set(ulong hash, int value)
    {
        for (var place = (int)(hash >> _shift); ; place = (place + 1) & (_slots.Length - 1))
        {
            ref var slot = ref _slots[place];
            if (slot.Value == 0 || slot.Hash == hash)
            {
                slot = new Slot(hash, value - Absent);
                return;
            }
        }
    }

    // An empty slot has the value 0.
    private readonly record struct Slot(ulong Hash, int Value);
}
