namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Brings rows of one entity together, without a sort: entities are numbered by their keys, rows counted by number.</summary>
/// <remarks>Its memory is used again by the next partition. Not thread safe.</remarks>
internal sealed unsafe class EntityGrouping
{
    private readonly RowLayout _layout;
    private readonly Comparison<nint> _compare;

    // Two pointers per row of the largest partition; a slot holds the number of an entity plus 1, 0: it is free.
    private nint[] _unordered = [];
    private nint[] _rows = [];
    private int[] _entities = [];
    private int[] _slots = [];

    // Per entity its first row as it was added, and where its rows end among the grouped ones.
    private nint[] _first = [];
    private int[] _ends = [];

    public EntityGrouping(RowLayout layout)
    {
        _layout = layout;
        _compare = Compare;
    }

    /// <summary>The rows in their order.</summary>
    public ReadOnlySpan<nint> Rows => _rows;

    /// <param name="parts">The rows of one partition.</param>
    /// <returns>How many rows there are.</returns>
    public int Group(RowPages[] parts)
    {
        var count = parts.Sum(static part => part.Count);
        Reserve(count);
        var listed = 0;
        foreach (var part in parts)
        {
            part.List(_unordered.AsSpan(listed));
            listed += part.Count;
        }

        var entities = Number(count);

        // Ends of the entities before each: where its own rows begin, until they are placed.
        var sum = 0;
        for (var entity = 0; entity < entities; entity++)
        {
            (_ends[entity], sum) = (sum, sum + _ends[entity]);
        }

        for (var row = 0; row < count; row++)
        {
            _rows[_ends[_entities[row]]++] = _unordered[row];
        }

        for (var (entity, start) = (0, 0); _layout.IsOrdered && entity < entities; start = _ends[entity++])
        {
            Order(_rows.AsSpan(start, _ends[entity] - start));
        }

        return count;
    }

    /// <summary>Numbers the entities and counts their rows.</summary>
    private int Number(int count)
    {
        var (entities, mask) = (0, _slots.Length - 1);
        Array.Clear(_slots);
        for (var row = 0; row < count; row++)
        {
            var at = (int)HashOf((byte*)_unordered[row]) & mask;
            while (_slots[at] != 0 && !AreEqual((byte*)_first[_slots[at] - 1], (byte*)_unordered[row]))
            {
                at = (at + 1) & mask;
            }

            if (_slots[at] == 0)
            {
                (_first[entities], _ends[entities]) = (_unordered[row], 0);
                _slots[at] = ++entities;
            }

            _entities[row] = _slots[at] - 1;
            _ends[_entities[row]]++;
        }

        return entities;
    }

    private ulong HashOf(byte* row)
    {
        var hash = 0UL;
        for (var ordinal = _layout.KeysOrdinal; ordinal < _layout.Columns; ordinal++)
        {
            var bits = *(long*)(row + _layout.OffsetOf(ordinal));
            hash = KeyHash.Mix(hash ^ (ColumnTypes.IsOfBytes(_layout.TypeOf(ordinal)!.Value) ? KeyHash.Of(RowPages.TextAt(bits)) : (ulong)bits));
        }

        return hash;
    }

    private bool AreEqual(byte* left, byte* right)
    {
        for (var ordinal = _layout.KeysOrdinal; ordinal < _layout.Columns; ordinal++)
        {
            var (one, other) = (*(long*)(left + _layout.OffsetOf(ordinal)), *(long*)(right + _layout.OffsetOf(ordinal)));
            if (ColumnTypes.IsOfBytes(_layout.TypeOf(ordinal)!.Value) ? !RowPages.TextAt(one).SequenceEqual(RowPages.TextAt(other)) : one != other)
            {
                return false;
            }
        }

        return true;
    }

    // Files are mostly written in the order in which events come.
    private void Order(Span<nint> rows)
    {
        for (var row = 1; row < rows.Length; row++)
        {
            if (Compare(rows[row - 1], rows[row]) > 0)
            {
                rows.Sort(_compare);
                return;
            }
        }
    }

    /// <summary>By arrival, event time, created time, place in the table.</summary>
    private int Compare(nint left, nint right)
    {
        var (leftEvent, rightEvent) = (TimeOf(left, EntityHistory.EventTimeOrdinal), TimeOf(right, EntityHistory.EventTimeOrdinal));
        var (leftCreated, rightCreated) = (TimeOf(left, EntityHistory.CreatedTimeOrdinal), TimeOf(right, EntityHistory.CreatedTimeOrdinal));
        var order = Math.Max(leftEvent, leftCreated).CompareTo(Math.Max(rightEvent, rightCreated));
        order = order != 0 ? order : leftEvent.CompareTo(rightEvent);
        order = order != 0 ? order : leftCreated.CompareTo(rightCreated);
        return order != 0 ? order : (*(long*)(left + _layout.PlaceOffset)).CompareTo(*(long*)(right + _layout.PlaceOffset));
    }

    private long TimeOf(nint row, int ordinal) => *(long*)(row + _layout.OffsetOf(ordinal));

    private void Reserve(int count)
    {
        if (_rows.Length < count)
        {
            (_unordered, _rows, _entities, _first, _ends) = (new nint[count], new nint[count], new int[count], new nint[count], new int[count]);
        }

        var slots = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * count, 2));
        if (_slots.Length < slots)
        {
            _slots = new int[slots];
        }
    }
}
