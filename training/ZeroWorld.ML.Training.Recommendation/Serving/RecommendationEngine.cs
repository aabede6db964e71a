using System.Numerics.Tensors;
using ZeroWorld.ML.Models.Retrieval;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Answers questions from a <see cref="RecommenderBundle"/>: the best items for a user or for recent items, similar items, similar users.</summary>
/// <remarks>Pure, immutable and thread safe.</remarks>
public sealed class RecommendationEngine
{
    // Enough candidates for a recall of 0.985 and more at 100 of 50,000 items (docs/operations/performance.md).
    private const int IndexWidth = 600;

    private readonly RecommenderBundle _bundle;
    private readonly float[] _popularity;
    private readonly InteractionColumns _columns;
    private readonly ContentModel? _content;

    public RecommendationEngine(RecommenderBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        _bundle = bundle;
        _popularity = [.. bundle.Histories.CountByItem().Select(static count => (float)count)];
        _columns = bundle.Histories.ToColumns();
        _content = bundle.Attributes is { } attributes ? new ContentModel("content", attributes, bundle.Histories.ItemCount, RecencyWeights.None) : null;
    }

    public RecommenderBundle Bundle => _bundle;

    private InteractionSet Histories => _bundle.Histories;

    /// <summary>The best items for a user, for recent items, or for both.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the count, or a filter by an attribute that no item has.</exception>
    public Recommendations Recommend(RecommendQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        CheckCount(query.Count);
        CheckFilters(query.Filters);
        var unknown = new List<string>();
        var known = Know(query, unknown);
        var candidates = IndexesOf(query.Candidates, unknown);
        var exclude = IndexesOf(query.Exclude, null);
        if (query.Approximate && known.IsHistory && query.Candidates.Count == 0 && query.Filters.Count == 0 && _bundle is { Index: { } index, Model: IQueryRecommender model })
        {
            return new Recommendations(Approximate(index, model, known.ToHistory(), query, exclude), known.Source, false, unknown);
        }

        var scores = ScoreAll(query, known);
        Leave(scores, query.IncludeSeen ? [] : known.Items, exclude);
        Keep(scores, query, candidates);
        return new Recommendations(Name(TopItems.Of(scores, query.Count)), known.Source, true, unknown);
    }

    /// <summary>The scores of given items, in their order, those that the user had too.</summary>
    /// <param name="query">For whom; count, exclusion, candidates, filters and approximation are not looked at.</param>
    /// <param name="items">Ids, 1 to 10,000; what the catalogue does not have is left out and told in the answer.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: no item, or too many.</exception>
    public Recommendations Score(RecommendQuery query, IReadOnlyList<string> items)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count is < 1 or > RecommendQuery.CountMax)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"score_items has {items.Count} ids; expected 1 to {RecommendQuery.CountMax}.");
        }

        var unknown = new List<string>();
        var known = Know(query, unknown);
        var scores = ScoreAll(query, known);
        return new Recommendations([.. IndexesOf(items, unknown).Select(item => new RecommendedId(Histories.Items[item], scores[item]))], known.Source, true, unknown);
    }

    /// <summary>Items that are used like one; of one that nobody used, those with its attributes.</summary>
    /// <param name="item">Id of a known item.</param>
    /// <param name="count">1 to 10,000.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the item was never seen, or the count.</exception>
    public Recommendations SimilarItems(string item, int count)
    {
        CheckCount(count);
        var index = Histories.Items.IndexOf(item, "item");
        var scores = new float[Histories.ItemCount];
        if (_popularity[index] == 0 && _content is { } content)
        {
            // Nobody used it: what it is like is all that is known.
            content.Score(new UserHistory([index]), scores);
            scores[index] = float.NegativeInfinity;
            return new Recommendations(Name(TopItems.Of(scores, count)), RecommendationSource.Content, true, []);
        }

        if (_bundle.Model is IQueryRecommender model)
        {
            var vector = model.ItemVectors.Slice(index * model.QueryLength, model.QueryLength);
            for (var other = 0; other < scores.Length; other++)
            {
                scores[other] = Cosine(vector, model.ItemVectors.Slice(other * model.QueryLength, model.QueryLength));
            }
        }
        else
        {
            // Of models without vectors: the cosine of the items' users.
            foreach (var user in _columns.UsersOf(index))
            {
                foreach (var other in Histories.ItemsOf(user))
                {
                    scores[other]++;
                }
            }

            for (var other = 0; other < scores.Length; other++)
            {
                scores[other] /= MathF.Max(1, MathF.Sqrt(_popularity[index] * _popularity[other]));
            }
        }

        scores[index] = float.NegativeInfinity;
        return new Recommendations(Name(TopItems.Of(scores, count)), RecommendationSource.Similarity, true, []);
    }

    /// <summary>Trained users with the most alike histories: the cosine of their items.</summary>
    /// <param name="user">Id of a trained user.</param>
    /// <param name="count">1 to 10,000.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the user was not in training, or the count.</exception>
    public Recommendations SimilarUsers(string user, int count)
    {
        CheckCount(count);
        var index = Histories.Users.IndexOf(user, "user");
        var scores = new float[Histories.UserCount];
        foreach (var item in Histories.ItemsOf(index))
        {
            foreach (var other in _columns.UsersOf(item))
            {
                scores[other]++;
            }
        }

        for (var other = 0; other < scores.Length; other++)
        {
            scores[other] = other == index || scores[other] == 0
                ? float.NegativeInfinity
                : scores[other] / MathF.Sqrt((float)Histories.ItemsOf(index).Length * Histories.ItemsOf(other).Length);
        }

        return new Recommendations(
            [.. TopItems.Of(scores, count).Select(found => new RecommendedId(Histories.Users[found.Item], found.Score))], RecommendationSource.Similarity, true, []);
    }

    /// <summary>What is known of whom the question is about.</summary>
    private Known Know(RecommendQuery query, List<string> unknown)
    {
        var user = query.User is { } id && Histories.Users.TryGetIndex(id, out var index) ? index : -1;
        ReadOnlySpan<int> trained = user >= 0 ? Histories.ItemsOf(user) : [];
        var items = Join(trained, IndexesOf(query.RecentItems, unknown));
        if (query.LikeAttributes.Count > 0)
        {
            return new Known(items, -1, RecommendationSource.Content);
        }

        if (items.Length == 0)
        {
            return new Known(items, -1, RecommendationSource.Popularity);
        }

        if (items.Length == trained.Length)
        {
            return new Known(items, user, RecommendationSource.TrainedUser);
        }

        // A model of what users did knows nothing of items that nobody used; their attributes say something.
        var isNew = _content is not null && _bundle.Model is not (ContentModel or HybridModel) && Array.TrueForAll(items, item => _popularity[item] == 0);
        return new Known(items, -1, isNew ? RecommendationSource.Content : RecommendationSource.FoldIn);
    }

    private float[] ScoreAll(RecommendQuery query, Known known)
    {
        var scores = new float[Histories.ItemCount];
        if (query.LikeAttributes.Count > 0)
        {
            (_content ?? throw NoAttributes()).ScoreLike(query.LikeAttributes, scores);
        }
        else if (known.Source == RecommendationSource.Popularity)
        {
            _popularity.CopyTo(scores, 0);
        }
        else if (known.Source == RecommendationSource.Content)
        {
            _content!.Score(known.ToHistory(), scores);
        }
        else
        {
            _bundle.Model.Score(known.ToHistory(), scores);
        }

        return scores;
    }

    private RecommendedId[] Approximate(HnswIndex index, IQueryRecommender model, UserHistory history, RecommendQuery query, int[] exclude)
    {
        var vector = new float[model.QueryLength];
        model.Query(history, vector);

        // What is left out afterwards is asked for in addition.
        var left = (query.IncludeSeen ? 0 : history.Items.Length) + exclude.Length;
        var found = index.Find(vector, query.Count + left, Math.Max(IndexWidth, 2 * (query.Count + left)));
        var banned = new HashSet<int>(exclude);
        foreach (var item in query.IncludeSeen ? [] : history.Items)
        {
            banned.Add(item);
        }

        return [.. Name([.. found.Where(item => !banned.Contains(item.Item)).Take(query.Count)])];
    }

    private RecommendedId[] Name(ScoredItem[] items) => [.. items.Select(item => new RecommendedId(Histories.Items[item.Item], item.Score))];

    private int[] IndexesOf(IReadOnlyList<string> ids, List<string>? unknown)
    {
        var indexes = new List<int>(ids.Count);
        foreach (var id in ids)
        {
            if (Histories.Items.TryGetIndex(id, out var index))
            {
                indexes.Add(index);
            }
            else
            {
                unknown?.Add(id);
            }
        }

        return [.. indexes];
    }

    /// <summary>The trained history and what came after it, the last of each item.</summary>
    private static int[] Join(ReadOnlySpan<int> trained, int[] recent)
    {
        var known = new HashSet<int>();
        foreach (var item in trained)
        {
            known.Add(item);
        }

        if (recent.All(known.Contains))
        {
            return trained.ToArray();
        }

        int[] all = [.. trained, .. recent];
        var last = new Dictionary<int, int>();
        for (var place = 0; place < all.Length; place++)
        {
            last[all[place]] = place;
        }

        return [.. all.Where((item, place) => last[item] == place)];
    }

    private static void Leave(float[] scores, int[] seen, int[] exclude)
    {
        foreach (var item in seen)
        {
            scores[item] = float.NegativeInfinity;
        }

        foreach (var item in exclude)
        {
            scores[item] = float.NegativeInfinity;
        }
    }

    private void Keep(float[] scores, RecommendQuery query, int[] candidates)
    {
        if (query.Candidates.Count > 0)
        {
            var kept = candidates.ToHashSet();
            for (var item = 0; item < scores.Length; item++)
            {
                scores[item] = kept.Contains(item) ? scores[item] : float.NegativeInfinity;
            }
        }

        foreach (var (name, values) in query.Filters)
        {
            for (var item = 0; item < scores.Length; item++)
            {
                scores[item] = _bundle.Attributes!.HasAny(item, name, values) ? scores[item] : float.NegativeInfinity;
            }
        }
    }

    private void CheckFilters(IReadOnlyDictionary<string, IReadOnlyList<string>> filters)
    {
        foreach (var name in filters.Keys)
        {
            if (_bundle.Attributes?.HasName(name) != true)
            {
                throw _bundle.Attributes is null
                    ? NoAttributes()
                    : new TrainingException(TrainingError.InvalidInput, $"filters: no item has the attribute '{name}'; expected one that the model was trained with.");
            }
        }
    }

    private static TrainingException NoAttributes() =>
        new(TrainingError.InvalidInput, "The model was trained without attributes of items; expected neither filters nor attributes in the request.");

    private static void CheckCount(int count)
    {
        if (count is < 1 or > RecommendQuery.CountMax)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"k is {count}; expected 1 to {RecommendQuery.CountMax}.");
        }
    }

    private static float Cosine(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var lengths = TensorPrimitives.Norm(left) * TensorPrimitives.Norm(right);
        return lengths > 0 ? TensorPrimitives.Dot(left, right) / lengths : 0;
    }

    /// <param name="Items">Indexes, the oldest first.</param>
    /// <param name="User">Index of a user who is scored as trained, or -1.</param>
    /// <param name="Source">What answers.</param>
    private readonly record struct Known(int[] Items, int User, RecommendationSource Source)
    {
        public bool IsHistory => Source is RecommendationSource.TrainedUser or RecommendationSource.FoldIn;

        public UserHistory ToHistory() => new(Items, User);
    }
}
