namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A recommender whose score is the product of a user's query and an item's vector: the items can be searched by an index.</summary>
internal interface IQueryRecommender : IRecommender
{
    /// <summary>Length of a query and of an item's vector.</summary>
    int QueryLength { get; }

    /// <summary>[items, <see cref="QueryLength"/>], row-major.</summary>
    ReadOnlySpan<float> ItemVectors { get; }

    /// <summary>The query of a user; zeros for one of whom nothing is known.</summary>
    void Query(UserHistory history, Span<float> query);
}
