namespace ZeroWorld.ML.Cli;

/// <summary>What <c>zwml demo</c> was asked for.</summary>
internal sealed record DemoOptions
{
    /// <value>A transactions file; <see langword="null"/>: the simulator makes one.</value>
    public string? Transactions { get; init; }

    /// <value>Seed of the simulator and of the drawn sample.</value>
    public int Seed { get; init; } = 1;

    /// <value>How many transactions of the test week are predicted; 1 to 100,000.</value>
    public int Predictions { get; init; } = 1000;

    /// <value>Sample predictions that the report shows.</value>
    public int Shown { get; init; } = 4;
}
