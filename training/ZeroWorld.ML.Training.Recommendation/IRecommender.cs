namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A trained recommender: scores all items for one user.</summary>
/// <remarks>
/// Every recommender folds in: a user who was not in training is scored by the items of its history alone, without another training.
/// Immutable and thread safe.
/// </remarks>
public interface IRecommender
{
    /// <summary>Name of the algorithm, as the command line spells it.</summary>
    string Algorithm { get; }

    /// <summary>Items of the catalogue, which are scored by index.</summary>
    int ItemCount { get; }

    /// <summary>Scores every item; greater is better, and only the order means something.</summary>
    /// <param name="history">The user.</param>
    /// <param name="scores">Receives <see cref="ItemCount"/> finite values.</param>
    void Score(UserHistory history, Span<float> scores);
}
