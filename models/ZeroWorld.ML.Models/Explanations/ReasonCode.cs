namespace ZeroWorld.ML.Models;

/// <summary>What a column did to a score.</summary>
/// <param name="Column">The column, as whoever asks knows it.</param>
/// <param name="Contribution">Shapley value in the unit of the model (log odds; of a random forest, probability): above 0 it raised the score.</param>
public readonly record struct ReasonCode(string Column, double Contribution);
