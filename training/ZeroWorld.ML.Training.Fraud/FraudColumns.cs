namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Columns of the fraud training set: the feature service <c>fraud</c> beside what is handed through from the transactions.</summary>
public static class FraudColumns
{
    /// <summary>The 15 columns of the service, in the order in which the model reads them.</summary>
    public static IReadOnlyList<string> Features { get; } =
    [
        "amount", "is_weekend", "is_night",
        "customer_tx_count_1d", "customer_amount_mean_1d",
        "customer_tx_count_7d", "customer_amount_mean_7d",
        "customer_tx_count_30d", "customer_amount_mean_30d",
        "terminal_tx_count_1d", "terminal_fraud_risk_1d",
        "terminal_tx_count_7d", "terminal_fraud_risk_7d",
        "terminal_tx_count_30d", "terminal_fraud_risk_30d",
    ];

    /// <summary>The columns as the definitions of the project name them; the card is the customer.</summary>
    public static TrainingColumns Default { get; } = new()
    {
        Features = Features,
        Label = "TX_FRAUD",
        Time = "TX_DATETIME",
        Card = "CUSTOMER_ID",
        RowId = "TRANSACTION_ID",
    };
}
