using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Numbers the entities of a spine, 0 and up, by their key values.</summary>
/// <remarks>Thread safe: finding takes no lock, and sees every entity that was added before; adding takes turns. Open addressing, at most half full.</remarks>
internal sealed class KeyTable
{
    private const int SlotsMin = 1024;

    // Keys of which each has a place of its own: numbers from 0 on, as most ids are.
    private const int DenseMax = 1 << 22;

    private readonly FeatureType[] _types;
    private readonly bool _isSingle;
    private readonly Lock _adding = new();

    // By key its number plus 1; 0: unknown. Empty where keys are no numbers.
    private readonly int[] _dense;
    private Slot[] _slots = new Slot[SlotsMin];
    private byte[] _keys = [];
    private long[] _ends = [];
    private long _used;

    // Entities that are in slots.
    private int _hashed;

    /// <param name="types">Types of the key columns.</param>
    /// <param name="rows">Rows whose entities are added, about.</param>
    public KeyTable(FeatureType[] types, int rows)
    {
        _types = types;
        _dense = types is [FeatureType.Int64] ? new int[Math.Min(4L * rows, DenseMax)] : [];
        _isSingle = types is [not (FeatureType.String or FeatureType.Bytes)];
    }

    /// <summary>Entities so far.</summary>
    public int Count { get; private set; }

    /// <summary>Numbers the entities of the rows at hand; -1 where a key is null or, unless they are added, unknown.</summary>
    /// <param name="ordinal">Of the first key's column.</param>
    /// <param name="entities">Receives one number per row.</param>
    public void Number(DuckDbChunk rows, int ordinal, Span<int> entities, bool add)
    {
        Number(rows, ordinal, entities);
        if (!add || !entities[..rows.Count].Contains(-1) || HasNullWhereUnknown(rows, ordinal, entities))
        {
            return;
        }

        lock (_adding)
        {
            NumberOrAdd(rows, ordinal, entities, add: true);
        }
    }

    private void Number(DuckDbChunk rows, int ordinal, Span<int> entities) => NumberOrAdd(rows, ordinal, entities, add: false);

    // Whether what is not known has no key, so that nothing is to be added.
    private bool HasNullWhereUnknown(DuckDbChunk rows, int ordinal, ReadOnlySpan<int> entities)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            var isNull = false;
            for (var index = 0; entities[row] < 0 && index < _types.Length; index++)
            {
                isNull |= rows.Column(ordinal + index).IsNull(row);
            }

            if (entities[row] < 0 && !isNull)
            {
                return false;
            }
        }

        return true;
    }

    private void NumberOrAdd(DuckDbChunk rows, int ordinal, Span<int> entities, bool add)
    {
        if (_isSingle)
        {
            NumberSingle(rows.Column(ordinal), rows.Count, entities, add);
            return;
        }

        var key = new byte[64];
        for (var row = 0; row < rows.Count; row++)
        {
            var length = WriteKey(rows, ordinal, row, ref key);
            entities[row] = length < 0 ? -1 : NumberBytes(key.AsSpan(0, length), add);
        }
    }

    /// <summary>Calls for each entity, in no order, with its number and its key; the array is used again.</summary>
    public void Visit(Action<int, FeatureValue[]> visit)
    {
        var key = new FeatureValue[_types.Length];
        for (var value = 0; value < _dense.Length; value++)
        {
            if (_dense[value] > 0)
            {
                key[0] = FeatureValue.FromInt64(value);
                visit(_dense[value] - 1, key);
            }
        }

        foreach (var slot in _slots)
        {
            if (slot.Entity == 0)
            {
                continue;
            }

            if (_isSingle)
            {
                key[0] = FeatureBits.ToValue(_types[0], slot.Key);
            }
            else
            {
                ReadKey(KeyOf(slot.Entity - 1), key);
            }

            visit(slot.Entity - 1, key);
        }
    }

    private void ReadKey(ReadOnlySpan<byte> bytes, FeatureValue[] key)
    {
        for (var index = 0; index < key.Length; index++)
        {
            if (_types[index] is not (FeatureType.String or FeatureType.Bytes))
            {
                key[index] = FeatureBits.ToValue(_types[index], BinaryPrimitives.ReadInt64LittleEndian(bytes));
                bytes = bytes[sizeof(long)..];
                continue;
            }

            var text = bytes.Slice(sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(bytes));
            key[index] = _types[index] == FeatureType.Bytes ? FeatureValue.FromBytes(text.ToArray()) : FeatureValue.FromString(System.Text.Encoding.UTF8.GetString(text));
            bytes = bytes[(sizeof(int) + text.Length)..];
        }
    }

    private void NumberSingle(in DuckDbVector column, int count, Span<int> entities, bool add)
    {
        if (add)
        {
            Reserve(_hashed + count);
        }

        Span<long> keys = stackalloc long[DuckDbChunk.RowsMax];
        if (_types[0] is FeatureType.Int64 or FeatureType.Timestamp or FeatureType.Float64)
        {
            column.Int64.CopyTo(keys);
        }
        else
        {
            for (var row = 0; row < count; row++)
            {
                keys[row] = column.Bits(row, _types[0]);
            }
        }

        // A null stands for nothing that could be added: it goes by a key of the same rows, then by none.
        var known = 0;
        for (; column.MayHaveNulls && known < count && column.IsNull(known); known++)
        {
        }

        if (known == count)
        {
            entities[..count].Fill(-1);
            return;
        }

        for (var row = 0; column.MayHaveNulls && row < count; row++)
        {
            keys[row] = column.IsNull(row) ? keys[known] : keys[row];
        }

        NumberSingle(keys[..count], entities, add);
        for (var row = 0; column.MayHaveNulls && row < count; row++)
        {
            entities[row] = column.IsNull(row) ? -1 : entities[row];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void NumberSingle(ReadOnlySpan<long> keys, Span<int> entities, bool add)
    {
        // All places first, so that the memory behind them comes while others are compared.
        Span<int> places = stackalloc int[DuckDbChunk.RowsMax];
        var (slots, dense) = (Volatile.Read(ref _slots), _dense);
        var (shift, mask) = (Shift(slots), slots.Length - 1);
        for (var row = 0; row < keys.Length; row++)
        {
            if ((ulong)keys[row] < (ulong)dense.Length)
            {
                places[row] = -1;
                Prefetch.Read(ref dense[keys[row]]);
                continue;
            }

            places[row] = (int)(KeyHash.Mix((ulong)keys[row]) >> shift);
            Prefetch.Read(ref slots[places[row]]);
        }

        for (var row = 0; row < keys.Length; row++)
        {
            var key = keys[row];
            if (places[row] < 0)
            {
                ref var number = ref dense[key];
                if (add && number == 0)
                {
                    Volatile.Write(ref number, ++Count);
                }

                entities[row] = Volatile.Read(ref number) - 1;
                continue;
            }

            for (var at = places[row]; ; at = (at + 1) & mask)
            {
                ref var slot = ref slots[at];
                var entity = Volatile.Read(ref slot.Entity);
                if (entity != 0 && slot.Key != key)
                {
                    continue;
                }

                if (entity == 0 && add)
                {
                    _hashed++;
                    slot.Set(key, ++Count);
                    entity = Count;
                }

                entities[row] = entity - 1;
                break;
            }
        }
    }

    private int NumberBytes(ReadOnlySpan<byte> key, bool add)
    {
        if (add)
        {
            Reserve(_hashed + 1);
        }

        var hash = KeyHash.Of(key);
        var slots = Volatile.Read(ref _slots);
        for (var at = (int)(hash >> Shift(slots)); ; at = (at + 1) & (slots.Length - 1))
        {
            ref var slot = ref slots[at];
            var entity = Volatile.Read(ref slot.Entity);
            if (entity == 0)
            {
                return add ? Add(ref slot, hash, key) : -1;
            }

            if (slot.Key == (long)hash && KeyOf(entity - 1).SequenceEqual(key))
            {
                return entity - 1;
            }
        }
    }

    private int Add(ref Slot slot, ulong hash, ReadOnlySpan<byte> key)
    {
        Grow(ref _keys, _used + key.Length);
        Grow(ref _ends, Count + 1);
        key.CopyTo(_keys.AsSpan((int)_used));
        _used += key.Length;
        _ends[Count] = _used;
        _hashed++;
        slot.Set((long)hash, ++Count);
        return Count - 1;
    }

    private ReadOnlySpan<byte> KeyOf(int entity)
    {
        var start = entity == 0 ? 0 : _ends[entity - 1];
        return _keys.AsSpan((int)start, (int)(_ends[entity] - start));
    }

    // Each value by its length and bytes: (1, 23) and (12, 3) have different keys.
    private int WriteKey(DuckDbChunk rows, int ordinal, int row, ref byte[] key)
    {
        var length = 0;
        for (var index = 0; index < _types.Length; index++)
        {
            var column = rows.Column(ordinal + index);
            if (column.IsNull(row))
            {
                return -1;
            }

            if (_types[index] is FeatureType.String or FeatureType.Bytes)
            {
                var text = column.Bytes(row);
                Grow(ref key, length + sizeof(int) + text.Length);
                BinaryPrimitives.WriteInt32LittleEndian(key.AsSpan(length), text.Length);
                text.CopyTo(key.AsSpan(length + sizeof(int)));
                length += sizeof(int) + text.Length;
            }
            else
            {
                Grow(ref key, length + sizeof(long));
                BinaryPrimitives.WriteInt64LittleEndian(key.AsSpan(length), column.Bits(row, _types[index]));
                length += sizeof(long);
            }
        }

        return length;
    }

    private void Reserve(int entities)
    {
        var length = _slots.Length;
        while (length < 2L * entities)
        {
            length = checked(length * 2);
        }

        if (length == _slots.Length)
        {
            return;
        }

        var slots = LargeArray.CreateZeros<Slot>(length);
        var shift = Shift(slots);
        foreach (var slot in _slots)
        {
            if (slot.Entity == 0)
            {
                continue;
            }

            var at = (int)((_isSingle ? KeyHash.Mix((ulong)slot.Key) : (ulong)slot.Key) >> shift);
            while (slots[at].Entity != 0)
            {
                at = (at + 1) & (slots.Length - 1);
            }

            slots[at] = slot;
        }

        // Whoever finds goes on in the old ones, which stay as they are.
        Volatile.Write(ref _slots, slots);
    }

    private static int Shift(Slot[] slots) => 64 - System.Numerics.BitOperations.Log2((uint)slots.Length);

    private static void Grow<T>(ref T[] array, long length)
    {
        if (array.Length < length)
        {
            Array.Resize(ref array, (int)Math.Min(Math.Max(length, 2L * array.Length), Array.MaxLength));
        }
    }

    private struct Slot
    {
        // The key itself, or the hash of its bytes.
        public long Key;

        // Its number plus 1; 0: the slot is free.
        public int Entity;

        // Whoever sees the number sees the key.
        public void Set(long key, int entity)
        {
            Key = key;
            Volatile.Write(ref Entity, entity);
        }
    }
}
