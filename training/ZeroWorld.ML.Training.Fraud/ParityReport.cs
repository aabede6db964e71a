namespace ZeroWorld.ML.Training.Fraud;

/// <summary>How the exported model agrees with its trainer.</summary>
/// <param name="Rows">Rows that both scored.</param>
/// <param name="MaxDifference">Greatest absolute difference of probabilities.</param>
public sealed record ParityReport(int Rows, double MaxDifference)
{
    /// <summary>Greatest difference that is accepted.</summary>
    public const double Tolerance = 1e-5;
}
