using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>A <c>RecommendRequest</c> asked of a recommender. Pure: the same recommender, request and recent items give the same answer, which is what a replay rests on.</summary>
internal static class RecommendationQuestion
{
    private const int CountDefault = 10;

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: no question, several, or parts that do not go together.</exception>
    public static void Check(RecommendRequest request)
    {
        var isPersonal = request.User.Length > 0 || request.RecentItems.Count > 0;
        var questions = (isPersonal ? 1 : 0) + (request.LikeAttributes.Count > 0 ? 1 : 0) + (request.SimilarToItem.Length > 0 ? 1 : 0) + (request.SimilarToUser.Length > 0 ? 1 : 0);
        if (questions != 1)
        {
            throw Wrong($"The request asks {questions} questions; expected one of: user or recent_items (or both), like_attributes, similar_to_item, similar_to_user.");
        }

        var isNarrowed = request.HasK || request.ExcludeItems.Count > 0 || request.CandidateItems.Count > 0 || request.Filters.Count > 0 || request.Approximate || request.IncludeSeen;
        if (request.ScoreItems.Count > 0 && (isNarrowed || request.SimilarToItem.Length > 0 || request.SimilarToUser.Length > 0))
        {
            throw Wrong(
                "score_items asks for the scores of given items; expected user, recent_items or like_attributes beside it, and neither k, include_seen, exclude_items, candidate_items, "
                + "filters, approximate, similar_to_item nor similar_to_user.");
        }
    }

    /// <param name="recent">Items of the online store, the oldest first.</param>
    /// <exception cref="Training.TrainingException">As <see cref="RecommendationEngine"/> says.</exception>
    public static Recommendations Answer(RecommendationEngine engine, RecommendRequest request, IReadOnlyList<string> recent)
    {
        var count = request.HasK ? (int)Math.Min(request.K, int.MaxValue) : CountDefault;
        if (request.SimilarToItem.Length > 0)
        {
            return engine.SimilarItems(request.SimilarToItem, count);
        }

        if (request.SimilarToUser.Length > 0)
        {
            return engine.SimilarUsers(request.SimilarToUser, count);
        }

        var query = ToQuery(request, recent, count);
        return request.ScoreItems.Count > 0 ? engine.Score(query, request.ScoreItems) : engine.Recommend(query);
    }

    private static RecommendQuery ToQuery(RecommendRequest request, IReadOnlyList<string> recent, int count)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var filter in request.Filters)
        {
            if (filter.Attribute.Length == 0 || filter.Values.Count == 0 || !filters.TryAdd(filter.Attribute, filter.Values))
            {
                throw Wrong($"filters: the attribute '{filter.Attribute}' is empty, has no value or is there twice; expected each attribute once, with its allowed values.");
            }
        }

        return new RecommendQuery
        {
            User = request.User.Length > 0 ? request.User : null,
            RecentItems = [.. recent, .. request.RecentItems],
            LikeAttributes = request.LikeAttributes,
            Count = count,
            IncludeSeen = request.IncludeSeen,
            Exclude = request.ExcludeItems,
            Candidates = request.CandidateItems,
            Filters = filters,
            Approximate = request.Approximate,
        };
    }

    private static ServingException Wrong(string message) => new(ServingError.InvalidInput, message);
}
