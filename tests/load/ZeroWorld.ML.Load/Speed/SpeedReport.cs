using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>Medians of the rounds, their ratios, and the bars.</summary>
internal sealed record SpeedReport(SpeedSamples Samples, int Rounds, int Processors, SpeedMemory? Memory)
{
    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private double EchoRatio => Samples.Ratio((SpeedRun.Engine, $"small {SpeedRun.EchoInFlight}"), (SpeedRun.Bare, $"echo {SpeedRun.EchoInFlight}"), static sample => sample.PerSecond);

    private double ClientEchoRatio => Samples.Ratio((SpeedRun.Engine, SpeedRun.ClientSmall), (SpeedRun.Bare, SpeedRun.ClientEcho), static sample => sample.PerSecond);

    private double BatchingRatio => Samples.Ratio((SpeedRun.Engine, $"small {SpeedRun.BatchingInFlight}"), (SpeedRun.Engine, $"unbatched {SpeedRun.BatchingInFlight}"), static sample => sample.ServerMicroseconds);

    private double ComputeRatio => RowsRatio(SpeedRun.BatchesEnough);

    private double ComputeFewRatio => RowsRatio(SpeedRun.BatchesFew);

    private double AddedMicroseconds =>
        Samples.Median(SpeedRun.Engine, "small 1", static sample => sample.P50) - Samples.Median(SpeedRun.Bare, "echo 1", static sample => sample.P50) - Samples.Median(SpeedRun.Bare, "raw 1", static sample => sample.P50);

    private double OpenRatio => Samples.Median(SpeedRun.Engine, "open loop", static sample => sample.P99 / sample.P50);

    private double StringsRatio => Samples.Ratio((SpeedRun.Engine, "strings"), (SpeedRun.Engine, "floats"), static sample => sample.PerSecond);

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine($"{Processors} processors shared by load and server; medians of {Rounds} interleaved rounds; one row per request unless said");
        text.AppendLine();
        AddCells(text);
        text.AppendLine();
        Row(text, "tiny, 64 in flight, of an echo", EchoRatio, 0.9, EchoRatio >= 0.9, "throughput, at least");
        Row(text, "the same through the .NET client", ClientEchoRatio, 0.9, ClientEchoRatio >= 0.9, "throughput, at least");
        Row(text, "batching on of off, 32 in flight", BatchingRatio, 0.6, BatchingRatio <= 0.6, "server CPU per inference, at most");
        Row(text, $"batches of 32 rows, {SpeedRun.BatchesEnough} in flight, of ORT", ComputeRatio, 0.95, ComputeRatio >= 0.95, "rows/s of the large model, at least");
        Row(text, $"the same, {SpeedRun.BatchesFew} in flight", ComputeFewRatio, 0.95, ComputeFewRatio >= 0.95, "rows/s of the large model, at least");
        Row(text, "one at a time, over echo and ORT", AddedMicroseconds, 40, AddedMicroseconds <= 40, "us at p50, at most");
        Row(text, "open loop, half of saturation", OpenRatio, 5, OpenRatio <= 5, $"p99 of p50 ({Microseconds("open loop")}), at most");
        Row(text, "BYTES of FP32, 10,000 x 32 bytes", StringsRatio, 0.5, StringsRatio >= 0.5, $"bytes/s ({Samples.Median(SpeedRun.Engine, "strings", static sample => sample.PerSecond):N0}/s of {Samples.Median(SpeedRun.Engine, "floats", static sample => sample.PerSecond):N0}/s), at least");
        if (Memory is { } memory)
        {
            text.AppendLine();
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"allocated per request: tiny {memory.Small:N0} bytes (bare {memory.SmallBare:N0}), 320 kB of FP32 {memory.Floats:N0}, of BYTES {memory.Strings:N0}"));
            text.AppendLine($"large objects allocated (none allowed): {memory.LargeInBatches} with 64 kB of FP32, {memory.LargeInFloats} with 320 kB, {memory.LargeInStrings} with BYTES");
        }

        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Processors, Rounds, EchoRatio, ClientEchoRatio, BatchingRatio, ComputeRatio, ComputeFewRatio, AddedMicroseconds, OpenRatio, StringsRatio, Memory,
            Samples = Samples.All.Select(static item => new { item.Server, item.Name, item.Rounds }),
        },
        JsonOptions);

    private double RowsRatio(int inFlight) =>
        Samples.Ratio((SpeedRun.Engine, $"batches of rows {inFlight}"), (SpeedRun.Bare, "raw rows"), static sample => sample.PerSecond) * SpeedRequests.BatchRows;

    private static string Verdict(bool isMet) => isMet ? "met" : "NOT MET";

    private static void Row(StringBuilder text, string what, double value, double bar, bool isMet, string unit)
    {
        if (!double.IsNaN(value))
        {
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{what,-34} {value,8:F2}  {unit} {bar}: {Verdict(isMet)}"));
        }
    }

    private string Microseconds(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{Samples.Median(SpeedRun.Engine, name, static sample => sample.P99):F0} of {Samples.Median(SpeedRun.Engine, name, static sample => sample.P50):F0} us");

    private void AddCells(StringBuilder text)
    {
        text.AppendLine($"{"model, in flight",-18} {"server",-8} {"per second",10} {"CPU us",8} {"p50 us",8} {"p99 us",8}   of the bare server: CPU (bar 1.05), p50 and p99 (bar 1)");
        foreach (var name in Samples.All.Select(static item => item.Name).Distinct())
        {
            foreach (var server in (ReadOnlySpan<string>)[SpeedRun.Engine, SpeedRun.Bare, SpeedRun.Beside])
            {
                if (double.IsNaN(Samples.Median(server, name, static sample => sample.PerSecond)) || name.StartsWith("raw", StringComparison.Ordinal))
                {
                    continue;
                }

                text.Append(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-18} {server,-8} {Samples.Median(server, name, static sample => sample.PerSecond),10:N0} {Samples.Median(server, name, static sample => sample.ServerMicroseconds),8:F1} {Samples.Median(server, name, static sample => sample.P50),8:F0} {Samples.Median(server, name, static sample => sample.P99),8:F0}"));
                var cost = Samples.Ratio((server, name), (SpeedRun.Bare, name), static sample => sample.ServerMicroseconds);
                if (server == SpeedRun.Engine && !double.IsNaN(cost))
                {
                    var p50 = Samples.Ratio((server, name), (SpeedRun.Bare, name), static sample => sample.P50);
                    var p99 = Samples.Ratio((server, name), (SpeedRun.Bare, name), static sample => sample.P99);
                    text.Append(string.Create(CultureInfo.InvariantCulture, $"   {cost:F2} {Verdict(cost <= 1.05)}, {p50:F2} {Verdict(p50 <= 1)}, {p99:F2} {Verdict(p99 <= 1)}"));
                }

                text.AppendLine();
            }
        }
    }
}
