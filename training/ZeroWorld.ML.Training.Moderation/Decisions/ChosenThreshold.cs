namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A threshold and what it gave on the rows that it was chosen on.</summary>
/// <param name="Threshold">What is flagged has this probability or a greater one; above 1 where nothing may be.</param>
/// <param name="Flagged">Share of rows at or above it.</param>
public sealed record ChosenThreshold(double Threshold, double Precision, double Recall, double Flagged)
{
    /// <summary>Of a precision the least threshold that reaches it, too, flagging rows for nothing; else the threshold.</summary>
    public double Least { get; init; } = Threshold;
}
