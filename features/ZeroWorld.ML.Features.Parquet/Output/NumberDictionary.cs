using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The distinct values of a column, numbered in the order in which they come. Not thread safe; its memory is kept from one column to the next.</summary>
internal sealed class NumberDictionary
{
    /// <summary>Values at most: more make the numbers hardly smaller than the values.</summary>
    public const int CountMax = 1 << 14;

    private const int SlotsMin = 1 << 11;
    private long[] _values = new long[SlotsMin / 2];
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
                ref var slot = ref slots[at];
                if (slot.Number == 0)
                {
                    if (Count == CountMax)
                    {
                        return false;
                    }

                    slot = new Slot { Value = value, Number = Add(value) };
                    numbers[index] = Count - 1;
                    if (2 * Count > _size)
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

    private static int SlotOf(long value, int shift) => (int)(KeyHash.Mix((ulong)value) >> shift);

    private struct Slot
    {
        public long Value;

        // Plus 1; 0: the slot is free.
        public int Number;
    }
}
