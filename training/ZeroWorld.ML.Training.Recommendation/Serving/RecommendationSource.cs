namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What a recommendation was made from.</summary>
public enum RecommendationSource
{
    /// <summary>The user as trained.</summary>
    TrainedUser,

    /// <summary>The items of the history, folded in.</summary>
    FoldIn,

    /// <summary>Attributes of items.</summary>
    Content,

    /// <summary>Nothing is known of the user: what most users have.</summary>
    Popularity,

    /// <summary>Another item, or another user.</summary>
    Similarity,
}
