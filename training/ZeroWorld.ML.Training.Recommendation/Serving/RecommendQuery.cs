namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What is asked of a recommender.</summary>
public sealed record RecommendQuery
{
    /// <summary>The largest k.</summary>
    public const int CountMax = 10_000;

    /// <value>Id of a user, or <see langword="null"/>.</value>
    public string? User { get; init; }

    /// <value>Ids of recent items, the oldest first: newer than what the user had in training, or all that is known of a stranger.</value>
    public IReadOnlyList<string> RecentItems { get; init; } = [];

    /// <value>Attributes (<c>NAME=VALUE</c>) of an item, to recommend items like it.</value>
    public IReadOnlyList<string> LikeAttributes { get; init; } = [];

    /// <value>How many, 1 to 10,000; fewer come back where fewer may be recommended. Default 10.</value>
    public int Count { get; init; } = 10;

    /// <value>Whether items that the user had are recommended again. Default: not.</value>
    public bool IncludeSeen { get; init; }

    /// <value>Ids that are not recommended; unknown ones are left out.</value>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <value>Only these ids, where there are any; unknown ones are told in the answer.</value>
    public IReadOnlyList<string> Candidates { get; init; } = [];

    /// <value>Attribute to allowed values: an item must have one of the values of each.</value>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Filters { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <value>Whether the index may answer, approximately, where there is one and nothing is filtered by candidates or attributes. Default: exact.</value>
    public bool Approximate { get; init; }
}
