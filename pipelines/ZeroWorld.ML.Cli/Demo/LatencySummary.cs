namespace ZeroWorld.ML.Cli;

/// <summary>Percentiles of measured durations by nearest rank, in milliseconds.</summary>
internal sealed record LatencySummary(int Count, double P50, double P95, double P99, double Max)
{
    /// <param name="milliseconds">One or more; sorted in place.</param>
    public static LatencySummary Of(double[] milliseconds)
    {
        Array.Sort(milliseconds);
        return new LatencySummary(milliseconds.Length, At(0.50), At(0.95), At(0.99), milliseconds[^1]);

        double At(double share) => milliseconds[Math.Max(0, (int)Math.Ceiling(share * milliseconds.Length) - 1)];
    }
}
