namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Answers whether a pair was observed: one bit per pair where that is small, else a search in the sorted history.</summary>
internal sealed class PositiveSet
{
    private const long BitsMax = 1L << 28;
    private readonly ulong[]? _bits;
    private readonly int[][]? _sorted;
    private readonly int _items;

    internal PositiveSet(InteractionSet set)
    {
        _items = set.ItemCount;
        if ((long)set.UserCount * set.ItemCount <= BitsMax)
        {
            _bits = new ulong[(((long)set.UserCount * set.ItemCount) + 63) / 64];
            for (var user = 0; user < set.UserCount; user++)
            {
                foreach (var item in set.ItemsOf(user))
                {
                    var bit = ((long)user * _items) + item;
                    _bits[bit >> 6] |= 1UL << (int)(bit & 63);
                }
            }

            return;
        }

        _sorted = new int[set.UserCount][];
        for (var user = 0; user < set.UserCount; user++)
        {
            _sorted[user] = set.ItemsOf(user).ToArray();
            Array.Sort(_sorted[user]);
        }
    }

    internal bool Contains(int user, int item)
    {
        if (_bits is null)
        {
            return Array.BinarySearch(_sorted![user], item) >= 0;
        }

        var bit = ((long)user * _items) + item;
        return (_bits[bit >> 6] & (1UL << (int)(bit & 63))) != 0;
    }

    /// <summary>An item that the user does not have; any item after so many tries that the user must have nearly all.</summary>
    internal int DrawNegative(int user, ref FastRandom random)
    {
        var item = random.Next(_items);
        for (var tries = 0; tries < 64 && Contains(user, item); tries++)
        {
            item = random.Next(_items);
        }

        return item;
    }
}
