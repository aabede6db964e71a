using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The trees of one fit. Immutable; one caller at a time.</summary>
/// <remarks>They add up to log odds, or to the probability of a random forest.</remarks>
internal interface IFittedTrees
{
    /// <value>Added to the sum of the trees.</value>
    double Offset { get; }

    /// <summary>The trees in neutral form, in the order in which they were grown.</summary>
    /// <param name="factor">Of every leaf.</param>
    IEnumerable<DecisionTree> ToTrees(double factor);

    /// <summary>Scores rows with the library itself, the reference for the neutral form.</summary>
    /// <param name="factor">Of every score, <see cref="Offset"/> included.</param>
    /// <param name="sums">One per row, which the scores are added to.</param>
    void AddScores(TrainingTable table, ReadOnlyMemory<int> rows, double factor, double[] sums);

    /// <returns>All of it: what is read from it scores the same bits.</returns>
    byte[] Save();
}
