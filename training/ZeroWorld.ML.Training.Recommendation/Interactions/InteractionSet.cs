namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Who dealt with what, in order of time: implicit feedback, each pair of user and item once.</summary>
/// <remarks>
/// Users and items are indexes into the two vocabularies; subsets that a split makes share the vocabularies, so that a user or an item may have no interaction.
/// Immutable and thread safe. Made by <see cref="InteractionSetBuilder"/>.
/// </remarks>
public sealed class InteractionSet
{
    private readonly int[] _starts;
    private readonly int[] _items;
    private readonly long[] _times;

    internal InteractionSet(IdVocabulary users, IdVocabulary items, int[] starts, int[] itemIndexes, long[] times)
    {
        Users = users;
        Items = items;
        _starts = starts;
        _items = itemIndexes;
        _times = times;
    }

    public IdVocabulary Users { get; }

    public IdVocabulary Items { get; }

    public int UserCount => Users.Count;

    public int ItemCount => Items.Count;

    /// <value>Pairs of user and item.</value>
    public int Count => _items.Length;

    /// <value>Pairs that were there again and were left out; the last of equal pairs stays.</value>
    public int DuplicateCount { get; init; }

    /// <summary>Items of a user, the oldest first; empty for a user without history.</summary>
    /// <param name="user">0 to <see cref="UserCount"/> - 1.</param>
    public ReadOnlySpan<int> ItemsOf(int user) => _items.AsSpan(_starts[user], _starts[user + 1] - _starts[user]);

    /// <summary>The times of <see cref="ItemsOf"/>, in the unit of the source; equal where the source has none.</summary>
    public ReadOnlySpan<long> TimesOf(int user) => _times.AsSpan(_starts[user], _starts[user + 1] - _starts[user]);

    /// <summary>The same pairs by item: users of every item, ascending.</summary>
    internal InteractionColumns ToColumns()
    {
        var starts = new int[ItemCount + 1];
        foreach (var item in _items)
        {
            starts[item + 1]++;
        }

        for (var item = 0; item < ItemCount; item++)
        {
            starts[item + 1] += starts[item];
        }

        var next = starts.AsSpan(0, ItemCount).ToArray();
        var users = new int[Count];
        for (var user = 0; user < UserCount; user++)
        {
            foreach (var item in ItemsOf(user))
            {
                users[next[item]++] = user;
            }
        }

        return new InteractionColumns(starts, users);
    }

    /// <summary>Interactions of every item.</summary>
    internal int[] CountByItem()
    {
        var counts = new int[ItemCount];
        foreach (var item in _items)
        {
            counts[item]++;
        }

        return counts;
    }

    /// <summary>The pairs for which <paramref name="isKept"/> answers yes, with the same vocabularies.</summary>
    /// <param name="isKept">Is asked for user and place in the user's history, in order.</param>
    internal InteractionSet Where(Func<int, int, bool> isKept)
    {
        var starts = new int[UserCount + 1];
        var (items, times) = (new List<int>(Count), new List<long>(Count));
        for (var user = 0; user < UserCount; user++)
        {
            var history = ItemsOf(user);
            var historyTimes = TimesOf(user);
            for (var place = 0; place < history.Length; place++)
            {
                if (isKept(user, place))
                {
                    items.Add(history[place]);
                    times.Add(historyTimes[place]);
                }
            }

            starts[user + 1] = items.Count;
        }

        return new InteractionSet(Users, Items, starts, [.. items], [.. times]);
    }

    /// <summary>Pairs that both sets hold; both must share the vocabularies.</summary>
    internal int CountOverlap(InteractionSet other)
    {
        var overlap = 0;
        var marks = new bool[ItemCount];
        for (var user = 0; user < UserCount; user++)
        {
            Mark(ItemsOf(user), true);
            foreach (var item in other.ItemsOf(user))
            {
                overlap += marks[item] ? 1 : 0;
            }

            Mark(ItemsOf(user), false);
        }

        return overlap;

        void Mark(ReadOnlySpan<int> items, bool value)
        {
            foreach (var item in items)
            {
                marks[item] = value;
            }
        }
    }
}

/// <summary>Users by item.</summary>
internal sealed record InteractionColumns(int[] Starts, int[] Users)
{
    internal ReadOnlySpan<int> UsersOf(int item) => Users.AsSpan(Starts[item], Starts[item + 1] - Starts[item]);
}
