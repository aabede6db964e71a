using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A suspicious test row with its reasons.</summary>
/// <param name="Row">Row of the file, from 1.</param>
/// <param name="Score">Probability.</param>
/// <param name="Label">Whether it was positive.</param>
/// <param name="Reasons">The columns that raised the score most, at most five.</param>
public sealed record ExplainedRow(long Row, float Score, bool Label, IReadOnlyList<ReasonCode> Reasons);
