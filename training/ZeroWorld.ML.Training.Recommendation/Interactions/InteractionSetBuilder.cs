namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Collects interactions in any order and makes an <see cref="InteractionSet"/> of them.</summary>
/// <remarks>Not thread safe. The same calls in the same order give the same set.</remarks>
public sealed class InteractionSetBuilder
{
    private readonly Dictionary<string, int> _userIndexes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _itemIndexes = new(StringComparer.Ordinal);
    private readonly List<string> _users = [];
    private readonly List<string> _items = [];
    private readonly List<(int User, int Item, long Time)> _rows = [];

    /// <summary>Rows so far, duplicates included.</summary>
    public int Rows => _rows.Count;

    /// <summary>Makes an item known that may have no interaction, as one of a catalogue has.</summary>
    public int AddItem(string item) => Index(_itemIndexes, _items, item, "item");

    /// <summary>Makes a user known that may have no interaction.</summary>
    public int AddUser(string user) => Index(_userIndexes, _users, user, "user");

    /// <param name="user">Id of the user, not empty.</param>
    /// <param name="item">Id of the item, not empty.</param>
    /// <param name="time">Order of the user's interactions, in any unit; equal times keep the order of the calls.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: an id is empty.</exception>
    public void Add(string user, string item, long time) => _rows.Add((AddUser(user), AddItem(item), time));

    /// <summary>The set: each user's items by time, the last of equal pairs kept.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: no row was added.</exception>
    public InteractionSet Build()
    {
        if (_rows.Count == 0)
        {
            throw new TrainingException(TrainingError.UnsuitableData, "There is no interaction; expected at least one row with a user and an item.");
        }

        // A stable order: by user, then time, then arrival.
        var order = new int[_rows.Count];
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
        }

        Array.Sort(order, (left, right) =>
        {
            var (a, b) = (_rows[left], _rows[right]);
            return a.User != b.User ? a.User.CompareTo(b.User) : a.Time != b.Time ? a.Time.CompareTo(b.Time) : left.CompareTo(right);
        });

        var starts = new int[_users.Count + 1];
        var (items, times) = (new List<int>(order.Length), new List<long>(order.Length));
        var lastPlace = new int[_items.Count];
        for (var start = 0; start < order.Length;)
        {
            var user = _rows[order[start]].User;
            var end = start;
            for (; end < order.Length && _rows[order[end]].User == user; end++)
            {
                lastPlace[_rows[order[end]].Item] = end;
            }

            for (var place = start; place < end; place++)
            {
                var (_, item, time) = _rows[order[place]];
                if (lastPlace[item] == place)
                {
                    items.Add(item);
                    times.Add(time);
                    starts[user + 1]++;
                }
            }

            start = end;
        }

        for (var user = 0; user < _users.Count; user++)
        {
            starts[user + 1] += starts[user];
        }

        return new InteractionSet(new IdVocabulary(_users), new IdVocabulary(_items), starts, [.. items], [.. times])
        {
            DuplicateCount = _rows.Count - items.Count,
        };
    }

    private int Index(Dictionary<string, int> indexes, List<string> ids, string id, string what)
    {
        if (string.IsNullOrEmpty(id))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"{what}: the id of row {_rows.Count} is empty; expected a text.");
        }

        if (!indexes.TryGetValue(id, out var index))
        {
            index = ids.Count;
            indexes.Add(id, index);
            ids.Add(id);
        }

        return index;
    }
}
