namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The rows that a recommender was measured on, which its fit for the measure had not seen: one item per user.</summary>
/// <param name="Users">Indexes of users.</param>
/// <param name="Items">The item of each that was held back.</param>
/// <param name="Ndcg">NDCG of each, 0 to 1, at the cut of the measure, over the whole catalogue.</param>
public sealed record HeldBackRows(IReadOnlyList<int> Users, IReadOnlyList<int> Items, IReadOnlyList<float> Ndcg);
