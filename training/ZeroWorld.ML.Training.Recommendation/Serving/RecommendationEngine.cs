using System.Numerics.Tensors;
using ZeroWorld.ML.Models.Retrieval;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Answers questions from a <see cref="RecommenderBundle"/>: the best items for a user or for recent items, similar items, similar users.</summary>
/// <remarks>Pure, immutable and thread safe.</remarks>
public sealed class RecommendationEngine
{
    // Enough candidates for a recall of 0.98 at 100 of 50,000 items (docs/operations/performance.md).
    private const int IndexWidth = 400;

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
        var unknown = new List<string>();
        var user = query.User is { } id && Histories.Users.TryGetIndex(id, out var known) ? known : -1;
        ReadOnlySpan<int> trained = user >= 0 ? Histories.ItemsOf(user) : [];
        var recent = IndexesOf(query.RecentItems, unknown);
        var history = Join(trained, recent);
        var isTrained = user >= 0 && history.Length == trained.Length;
        var candidates = IndexesOf(query.Candidates, unknown);
        var exclude = IndexesOf(query.Exclude, null);
        CheckFilters(query.Filters);
        var scores = new float[Histories.ItemCount];
        RecommendationSource source;
        if (history.Length > 0 && query.LikeAttributes.Count == 0)
        {
            source = isTrained ? RecommendationSource.TrainedUser : RecommendationSource.FoldIn;
            var of = new UserHistory(history, isTrained ? user : -1);
            if (query.Approximate && query.Candidates.Count == 0 && query.Filters.Count == 0 && _bundle is { Index: { } index, Model: IQueryRecommender model })
            {
                return new Recommendations(Approximate(index, model, of, query, exclude), source, false, unknown);
            }

            _bundle.Model.Score(of, scores);
        }
        else if (query.LikeAttributes.Count > 0)
        {
            source = RecommendationSource.Content;
            (_content ?? throw NoAttributes()).ScoreLike(query.LikeAttributes, scores);
        }
        else
        {
            source = RecommendationSource.Popularity;
            _popularity.CopyTo(scores, 0);
        }

        Leave(scores, query.IncludeSeen ? [] : history, exclude);
        Keep(scores, query, candidates);
        return new Recommendations(Name(TopItems.Of(scores, query.Count)), source, true, unknown);
    }

    /// <summary>Items that are used like one.</summary>
    /// <param name="item">Id of a known item.</param>
    /// <param name="count">1 to 10,000.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the item was never seen, or the count.</exception>
    public Recommendations SimilarItems(string item, int count)
    {
        CheckCount(count);
        var index = Histories.Items.IndexOf(item, "item");
        var scores = new float[Histories.ItemCount];
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
}
