namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>The windows of the Fraud Detection Handbook, chapter 3, over its table of card transactions.</summary>
internal static class FraudDefinitions
{
    public static IReadOnlyList<OfflineColumn> Columns { get; } =
    [
        new("TRANSACTION_ID", FeatureType.Int64),
        new("TX_DATETIME", FeatureType.Timestamp),
        new("CUSTOMER_ID", FeatureType.Int64),
        new("TERMINAL_ID", FeatureType.Int64),
        new("TX_AMOUNT", FeatureType.Float64),
        new("TX_FRAUD", FeatureType.Int64),
    ];

    public static WindowedView CustomerSpending { get; } = new()
    {
        Project = "default",
        Name = "customer_spending",
        Entity = TestDefinitions.Entity("customer", ("customer_id", FeatureType.Int64)),
        Source = Source("CUSTOMER_ID"),
        IncludesRequest = true,
        IncludeRequest = new Dictionary<string, string> { ["TX_AMOUNT"] = "amount" },
        History = TimeSpan.FromDays(14),
        Features =
        [
            .. new[] { 1, 7, 30 }.SelectMany(days => new[]
            {
                TestDefinitions.Window($"customer_tx_count_{days}d", AggregateFunction.Count, null, TimeSpan.FromDays(days)),
                TestDefinitions.Window($"customer_amount_mean_{days}d", AggregateFunction.Mean, "TX_AMOUNT", TimeSpan.FromDays(days)),
            }),
        ],
    };

    public static WindowedView TerminalRisk { get; } = new()
    {
        Project = "default",
        Name = "terminal_risk",
        Entity = TestDefinitions.Entity("terminal", ("terminal_id", FeatureType.Int64)),
        Source = Source("TERMINAL_ID"),
        LabelDelay = TimeSpan.FromDays(7),
        History = TimeSpan.FromDays(14),
        Features =
        [
            .. new[] { 1, 7, 30 }.SelectMany(days => new[]
            {
                TestDefinitions.Window($"terminal_tx_count_{days}d", AggregateFunction.Count, null, TimeSpan.FromDays(days)),
                TestDefinitions.Window(
                    $"terminal_fraud_risk_{days}d", AggregateFunction.Mean, "TX_FRAUD", TimeSpan.FromDays(days), FeatureValue.FromFloat64(0)),
            }),
        ],
    };

    public static FeatureServicePlan Plan { get; } = new(
        TestDefinitions.Service(
            "fraud", [new RequestValue("amount", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64))], CustomerSpending, TerminalRisk),
        static _ => true);

    public static TableImport Import(string path) => new("default", "transactions", path, Columns, "UTC");

    public static TrainingSetRequest Request(string outputPath) => new()
    {
        Plan = Plan,
        Spine = "transactions",
        TimeColumn = "TX_DATETIME",
        KeyColumns = new Dictionary<string, string> { ["customer_id"] = "CUSTOMER_ID", ["terminal_id"] = "TERMINAL_ID" },
        RequestColumns = new Dictionary<string, string> { ["amount"] = "TX_AMOUNT" },
        PassThrough = ["TRANSACTION_ID", "CUSTOMER_ID", "TERMINAL_ID", "TX_FRAUD"],
        OutputPath = outputPath,
    };

    private static ViewSource Source(string key) => new()
    {
        Table = "transactions",
        EventTimeColumn = "TX_DATETIME",
        EventIdColumn = "TRANSACTION_ID",
        KeyColumns = [key],
    };
}
