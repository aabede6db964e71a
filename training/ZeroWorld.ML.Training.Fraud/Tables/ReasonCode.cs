namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What a column did to a score.</summary>
/// <param name="Column">The raw column.</param>
/// <param name="Contribution">Shapley value in log odds (of a random forest, in probability): above 0 it made the row more suspicious.</param>
public readonly record struct ReasonCode(string Column, double Contribution);
