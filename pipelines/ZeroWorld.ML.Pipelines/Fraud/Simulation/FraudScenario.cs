namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>The published ways in which a simulated transaction is a fraud.</summary>
public enum FraudScenario
{
    /// <summary>Genuine.</summary>
    None = 0,

    /// <summary>An amount above 220: obvious, a check that a model learns anything.</summary>
    LargeAmount = 1,

    /// <summary>A terminal that is compromised for 28 days: all its transactions.</summary>
    CompromisedTerminal = 2,

    /// <summary>A customer who is compromised for 14 days: a third of the transactions, with five times the amount.</summary>
    CompromisedCustomer = 3,
}
