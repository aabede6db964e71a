using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>Names of the fraud job: its source table, its columns, its feature service, its model.</summary>
public static class FraudTables
{
    public const string Transactions = "transactions";
    public const string TransactionId = "TRANSACTION_ID";
    public const string Time = "TX_DATETIME";
    public const string CustomerId = "CUSTOMER_ID";
    public const string TerminalId = "TERMINAL_ID";
    public const string Amount = "TX_AMOUNT";
    public const string Label = "TX_FRAUD";
    public const string Service = "fraud";
    public const string Model = "fraud";
    public const string Champion = "champion";

    /// <summary>The request value that carries the amount, and its column in the training set.</summary>
    public const string AmountValue = "amount";

    /// <summary>The columns a transactions file must have; others are dropped.</summary>
    public static IReadOnlyList<OfflineColumn> Columns { get; } =
    [
        new(TransactionId, FeatureType.Int64),
        new(Time, FeatureType.Timestamp),
        new(CustomerId, FeatureType.Int64),
        new(TerminalId, FeatureType.Int64),
        new(Amount, FeatureType.Float64),
        new(Label, FeatureType.Int64),
    ];

    /// <summary>Join key to spine column.</summary>
    public static IReadOnlyDictionary<string, string> Keys { get; } = new Dictionary<string, string>
    {
        ["customer_id"] = CustomerId,
        ["terminal_id"] = TerminalId,
    };

    /// <summary>Request value to spine column.</summary>
    public static IReadOnlyDictionary<string, string> RequestValues { get; } = new Dictionary<string, string> { [AmountValue] = Amount };

    /// <summary>Spine columns that a training set hands through.</summary>
    public static IReadOnlyList<string> PassThrough { get; } = [TransactionId, CustomerId, TerminalId, Label];
}
