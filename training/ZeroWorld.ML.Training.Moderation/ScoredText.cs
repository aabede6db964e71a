namespace ZeroWorld.ML.Training.Moderation;

/// <param name="Probabilities">One per label.</param>
/// <param name="IsTruncated">Whether the text was longer than what is read of it.</param>
public readonly record struct ScoredText(float[] Probabilities, bool IsTruncated);
