using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The distinct values of a column, numbered in the order in which they come. Not thread safe; its memory is kept from one column to the next.</summary>
internal sealed class NumberDictionary
{
    /// <summary>Values at most: more make the numbers hardly smaller than the values.</summary>
    public const int CountMax = 1 << 14;

    private const int SlotsMin = 1 << 11;

    // Few values meet another one in their slot, which no processor could foresee.
    private const int SlotsPerValue = 4;
    private long[] _values = new long[SlotsMin / SlotsPerValue];
    private Slot[] _slots = new Slot[SlotsMin];
    private int _size = SlotsMin;

    public int Count { get; private set; }

    /// <summary>In the order of their numbers.</summary>
    public ReadOnlySpan<long> Values => _values.AsSpan(0, Count);

    /// <summary>Bits of the greatest number, 1 or more.</summary>
    public int Width => Math.Max(1, 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Max(0, Count - 1)));

    public void Clear()
    {
        Array.Clear(_slots, 0, _size);
        (_size, Count) = (SlotsMin, 0);
    }

    /// <summary>Numbers the values.</summary>
    /// <returns>Whether there are no more than <see cref="CountMax"/> of them; what was numbered means nothing where there are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryNumber(ReadOnlySpan<long> values, Span<int> numbers)
    {
        var (slots, mask, shift) = (_slots, _size - 1, Shift());
        for (var index = 0; index < values.Length; index++)
        {
            var value = values[index];
            for (var at = SlotOf(value, shift); ; at = (at + 1) & mask)
            {
                // A hash has as many bits as there are slots.
                ref var slot = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(slots), at);
                if (slot.Number == 0)
                {
                    if (Count == CountMax)
                    {
                        return false;
                    }

                    slot = new Slot { Value = value, Number = Add(value) };
                    numbers[index] = Count - 1;
                    if (SlotsPerValue * Count > _size)
                    {
                        Grow();
                        (slots, mask, shift) = (_slots, _size - 1, Shift());
                    }

                    break;
                }

                if (slot.Value == value)
                {
                    numbers[index] = slot.Number - 1;
                    break;
                }
            }
        }

        return true;
    }

    private int Add(long value)
    {
        if (Count == _values.Length)
        {
            Array.Resize(ref _values, 2 * _values.Length);
        }

        _values[Count++] = value;
        return Count;
    }

    private void Grow()
    {
        Array.Clear(_slots, 0, _size);
        _size *= 2;
        if (_slots.Length < _size)
        {
            _slots = new Slot[_size];
        }

        var shift = Shift();
        for (var number = 0; number < Count; number++)
        {
            var at = SlotOf(_values[number], shift);
            while (_slots[at].Number != 0)
            {
                at = (at + 1) & (_size - 1);
            }

            _slots[at] = new Slot { Value = _values[number], Number = number + 1 };
        }
    }

    private int Shift() => 64 - System.Numerics.BitOperations.Log2((uint)_size);

    // Fibonacci hashing (Knuth, volume 3, 6.4): the high bits of the product hang on every bit of the value. That of 2^64 / phi.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SlotOf(long value, int shift) => (int)(((ulong)value * 0x9E3779B97F4A7C15) >> shift);

    private struct Slot
    {
        public long Value;

        // Plus 1; 0: the slot is free.
        public int Number;
    }
}
