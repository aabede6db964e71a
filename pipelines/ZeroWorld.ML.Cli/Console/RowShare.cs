namespace ZeroWorld.ML.Cli;

/// <summary>Rows done, reported as a share of the rows there are.</summary>
internal sealed class RowShare(IProgress<double> inner, long total) : IProgress<long>
{
    public void Report(long value) => inner.Report((double)value / Math.Max(1, total));
}
