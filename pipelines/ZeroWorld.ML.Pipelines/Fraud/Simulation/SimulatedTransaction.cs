namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>One simulated card payment.</summary>
/// <param name="Id">0, 1, 2... in order of time.</param>
/// <param name="Seconds">Seconds since the start of the first day.</param>
/// <param name="CustomerId">From 0.</param>
/// <param name="TerminalId">From 0.</param>
/// <param name="AmountCents">Amount in hundredths, so that it is exact.</param>
/// <param name="Scenario">Why it is a fraud.</param>
public readonly record struct SimulatedTransaction(
    long Id, long Seconds, int CustomerId, int TerminalId, long AmountCents, FraudScenario Scenario)
{
    public bool IsFraud => Scenario != FraudScenario.None;

    /// <summary>Days since the first day.</summary>
    public int Day => (int)(Seconds / 86_400);
}
