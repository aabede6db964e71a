using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Load;

/// <summary>Milliseconds by which refusals came late, per kind, ascending.</summary>
internal sealed record DeadlineReport(IReadOnlyDictionary<string, double[]> Lateness, int Requests)
{
    private const double Bar = 1;

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine("refusals, milliseconds after the end of the request's time, seen by the caller (the way to the server and back included)");
        text.AppendLine($"{"said by",-14} {"refused",8} {"p50",7} {"p90",7} {"p99",7} {"most",7}   bar {Bar} ms");
        foreach (var (kind, late) in Lateness)
        {
            var median = Loops.Percentile(late, 0.5);
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{kind,-14} {late.Length,8} {median,7:F2} {Loops.Percentile(late, 0.9),7:F2} {Loops.Percentile(late, 0.99),7:F2} {late.LastOrDefault(double.NaN),7:F2}   {(Loops.Percentile(late, 0.9) <= Bar ? "met at p90" : "NOT MET")}"));
        }

        return text.ToString();
    }
}
