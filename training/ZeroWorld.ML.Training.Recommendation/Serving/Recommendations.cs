namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>An answer.</summary>
/// <param name="Items">Best first.</param>
/// <param name="Source">What it was made from.</param>
/// <param name="IsExact">Whether every item was scored.</param>
/// <param name="UnknownItems">Ids of the question that the catalogue does not have; they counted nothing.</param>
public sealed record Recommendations(IReadOnlyList<RecommendedId> Items, RecommendationSource Source, bool IsExact, IReadOnlyList<string> UnknownItems);

/// <param name="Id">Id of an item (or of a user, where users were asked for).</param>
/// <param name="Score">Comparable within one answer only.</param>
public readonly record struct RecommendedId(string Id, float Score);
