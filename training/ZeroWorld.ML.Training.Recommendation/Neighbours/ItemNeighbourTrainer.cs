using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Item-item neighbours: an item is recommended for being used by the users of the recent items.</summary>
/// <remarks>
/// Similarity of an item i of the history and a recommended item j: c(i, j) / (n(i)^a n(j)^(1 - a) + shrink), where c counts the users of both and a = 0.5 is the cosine; of each
/// recommended item, its nearest ones count.
/// With a <see cref="ItemNeighbourSettings.Gap"/> weight, a pair counts by how near its items are in the user's history: weight^(distance - 1).
/// A score is the sum of the similarities to the items of the history, weighted by recency.
/// </remarks>
public sealed class ItemNeighbourTrainer(ItemNeighbourSettings settings) : IRecommenderTrainer
{
    public string Algorithm => "item-neighbours";

    public IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["neighbours"] = settings.Neighbours.ToString(CultureInfo.InvariantCulture),
        ["decay"] = settings.Recency.Decay.ToString(CultureInfo.InvariantCulture),
        ["recent_max"] = settings.Recency.RecentMax.ToString(CultureInfo.InvariantCulture),
        ["shrink"] = settings.Shrink.ToString(CultureInfo.InvariantCulture),
        ["alpha"] = settings.Alpha.ToString(CultureInfo.InvariantCulture),
        ["gap"] = settings.Gap.ToString(CultureInfo.InvariantCulture),
    };

    public bool IsRandom => false;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        settings.Check();
        var columns = train.ToColumns();
        var counts = train.CountByItem();
        var places = settings.Gap < 1 ? PlacesOf(train, columns) : [];
        var rows = new (int[] Items, float[] Similarities)[train.ItemCount];
        ParallelRows.For(
            train.ItemCount,
            () => new Scratch(train.ItemCount),
            (item, scratch) => rows[item] = NeighboursOf(item, train, columns, counts, places, scratch),
            cancellationToken);
        
        // Neighbours are those of the recommended item; a history asks the other way round.
        return new ItemNeighbourModel(Algorithm, SparseRows.Of(rows).Turn(), settings.Recency);
    }

    private (int[] Items, float[] Similarities) NeighboursOf(
        int item, InteractionSet train, InteractionColumns columns, int[] counts, int[] places, Scratch scratch)
    {
        var users = columns.UsersOf(item);
        for (var index = 0; index < users.Length; index++)
        {
            var history = train.ItemsOf(users[index]);
            var place = settings.Gap < 1 ? places[columns.Starts[item] + index] : 0;
            for (var other = 0; other < history.Length; other++)
            {
                scratch.Add(history[other], settings.Gap < 1 ? (float)Math.Pow(settings.Gap, Math.Abs(other - place) - 1) : 1);
            }
        }

        var self = Math.Pow(counts[item], 1 - settings.Alpha);
        return scratch.Take(settings.Neighbours, item, (other, weight) => (float)(weight / ((self * Math.Pow(counts[other], settings.Alpha)) + settings.Shrink)));
    }

    /// <summary>Where each item stands in the history of each of its users, in the order of the columns.</summary>
    private static int[] PlacesOf(InteractionSet train, InteractionColumns columns)
    {
        var next = columns.Starts.AsSpan(0, train.ItemCount).ToArray();
        var places = new int[train.Count];
        for (var user = 0; user < train.UserCount; user++)
        {
            var history = train.ItemsOf(user);
            for (var place = 0; place < history.Length; place++)
            {
                places[next[history[place]]++] = place;
            }
        }

        return places;
    }

    /// <summary>Sums by item that are cleared in proportion to what was touched.</summary>
    internal sealed class Scratch(int items)
    {
        private readonly float[] _sums = new float[items];
        private readonly List<int> _touched = [];

        internal void Add(int item, float weight)
        {
            if (_sums[item] == 0)
            {
                _touched.Add(item);
            }

            _sums[item] += weight;
        }

        /// <summary>The most similar items, ascending by index, and clears.</summary>
        internal (int[] Items, float[] Similarities) Take(int most, int self, Func<int, float, float> similarity)
        {
            var found = new List<(int Item, float Similarity)>(_touched.Count);
            foreach (var item in _touched)
            {
                if (item != self)
                {
                    found.Add((item, similarity(item, _sums[item])));
                }

                _sums[item] = 0;
            }

            _touched.Clear();
            if (most > 0 && found.Count > most)
            {
                found.Sort(static (left, right) => left.Similarity != right.Similarity ? right.Similarity.CompareTo(left.Similarity) : left.Item.CompareTo(right.Item));
                found.RemoveRange(most, found.Count - most);
            }

            found.Sort(static (left, right) => left.Item.CompareTo(right.Item));
            return ([.. found.Select(static pair => pair.Item)], [.. found.Select(static pair => pair.Similarity)]);
        }
    }
}
