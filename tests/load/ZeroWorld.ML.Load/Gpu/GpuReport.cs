using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>One way to run one model.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Way">How: <c>raw B x C</c> is batches of B rows by C callers in one process, <c>served I</c> one row per request with I instances.</param>
/// <param name="RowsPerSecond">Rows.</param>
/// <param name="P50">Milliseconds per run, or per request.</param>
/// <param name="P99">Milliseconds per request; 0 for a run.</param>
/// <param name="ServerMicroseconds">The server's processor time per request; 0 for a run.</param>
internal sealed record GpuSample(string Model, string Way, double RowsPerSecond, double P50, double P99, double ServerMicroseconds)
{
    public bool IsServed => Way.StartsWith("served", StringComparison.Ordinal);
}

/// <summary>All of them.</summary>
internal sealed record GpuReport(string Device, int Processors, int InFlight, IReadOnlyList<GpuSample> Samples)
{
    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, JsonOptions);

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Device}, {Processors} processors shared by load and server, {InFlight} requests of one row in flight; raw: one process, batches x callers");
        text.AppendLine("model        way             rows/s   p50 ms   p99 ms  server us   of the best raw");
        foreach (var sample in Samples)
        {
            var best = Samples.Where(other => other.Model == sample.Model && !other.IsServed).Max(static other => other.RowsPerSecond);
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{sample.Model,-12} {sample.Way,-12} {sample.RowsPerSecond,9:N0} {sample.P50,8:0.000} {sample.P99,8:0.000} {sample.ServerMicroseconds,10:0.0} {sample.RowsPerSecond / best,8:0.00}"));
        }

        return text.ToString();
    }
}
