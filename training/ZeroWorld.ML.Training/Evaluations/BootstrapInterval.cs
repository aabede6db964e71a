namespace ZeroWorld.ML.Training;

/// <summary>A measured difference with its percentile bootstrap interval.</summary>
/// <param name="Value">The difference on the rows themselves.</param>
/// <param name="Lower">Lower end.</param>
/// <param name="Upper">Upper end.</param>
/// <param name="Confidence">Share of resamples between the ends, such as 0.95.</param>
/// <param name="Units">Units that were drawn: rows, or groups of rows that belong together.</param>
/// <param name="Resamples">How often.</param>
public readonly record struct BootstrapInterval(double Value, double Lower, double Upper, double Confidence, int Units, int Resamples)
{
    public override string ToString() => FormattableString.Invariant($"{Value:+0.0000;-0.0000;0.0000} [{Lower:+0.0000;-0.0000;0.0000}, {Upper:+0.0000;-0.0000;0.0000}]");
}
