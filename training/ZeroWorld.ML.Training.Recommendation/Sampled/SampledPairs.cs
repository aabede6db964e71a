namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The observed pairs in a new order each epoch, each followed by drawn negatives.</summary>
internal sealed class SampledPairs
{
    private readonly int[] _users;
    private readonly int[] _items;
    private readonly int[] _order;
    private readonly PositiveSet _positives;

    internal SampledPairs(InteractionSet train)
    {
        _users = new int[train.Count];
        _items = new int[train.Count];
        _order = new int[train.Count];
        _positives = new PositiveSet(train);
        var row = 0;
        for (var user = 0; user < train.UserCount; user++)
        {
            foreach (var item in train.ItemsOf(user))
            {
                (_users[row], _items[row], _order[row]) = (user, item, row);
                row++;
            }
        }
    }

    internal int Count => _order.Length;

    /// <summary>Takes one pair with its label, 1 or 0.</summary>
    internal interface ITake
    {
        void Take(int user, int item, float label);
    }

    internal void RunEpoch<T>(ref T taker, ref FastRandom random, int negatives, CancellationToken cancellationToken)
        where T : ITake, allows ref struct
    {
        random.Shuffle(_order);
        for (var place = 0; place < _order.Length; place++)
        {
            if ((place & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            var (user, item) = (_users[_order[place]], _items[_order[place]]);
            taker.Take(user, item, 1);
            for (var index = 0; index < negatives; index++)
            {
                taker.Take(user, _positives.DrawNegative(user, ref random), 0);
            }
        }
    }
}
