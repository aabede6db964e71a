using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>A closed loop: answers per second, and the server's processor time per answer in microseconds.</summary>
internal sealed record LoadCost(double PerSecond, double ServerMicroseconds);

/// <summary>One round of all measurements.</summary>
/// <param name="Direct">Runs of the session in process, per second.</param>
/// <param name="Infer">ModelInfer over gRPC.</param>
/// <param name="Predict">Predict by entity over gRPC.</param>
/// <param name="PredictLean">The same without the features in the answer.</param>
/// <param name="ClientInfer">ModelInfer through the .NET client, per second.</param>
/// <param name="ClientPredict">Predict through the .NET client, per second.</param>
/// <param name="P50">Median latency of Predict at half of its throughput, ms.</param>
/// <param name="P99">Likewise.</param>
/// <param name="P999">Likewise.</param>
/// <param name="Failures">Calls of the open loop that failed.</param>
/// <param name="FloorP99">p99 of a server that only answers, at the same rate, ms.</param>
/// <param name="HalfBusy">Share of the processors' time, 0 to 1, in which they worked at half of its throughput.</param>
internal sealed record LoadRound(double Direct, LoadCost Infer, LoadCost Predict, LoadCost PredictLean, double ClientInfer, double ClientPredict, double P50, double P99, double P999, int Failures, double FloorP99, double HalfBusy);

/// <summary>Medians of the rounds, with their ratios.</summary>
internal sealed record LoadReport(int InFlight, int Connections, int Processors, string Store, IReadOnlyList<LoadRound> Rounds, int CoalescedRequests, long? CoalescedReads)
{
    private const double RatioBar = 0.6;
    private const double P99BarMilliseconds = 2;

    private double Direct => Loops.Median(Rounds.Select(static round => round.Direct));

    private double Infer => Loops.Median(Rounds.Select(static round => round.Infer.PerSecond));

    private double Predict => Loops.Median(Rounds.Select(static round => round.Predict.PerSecond));

    private double ClientInfer => Loops.Median(Rounds.Select(static round => round.ClientInfer));

    private double ClientPredict => Loops.Median(Rounds.Select(static round => round.ClientPredict));

    private double ClientPredictToInfer => Loops.Median(Rounds.Select(static round => round.ClientPredict / round.ClientInfer));

    private double InferToDirect => Loops.Median(Rounds.Select(static round => round.Infer.PerSecond / round.Direct));

    private double PredictToInfer => Loops.Median(Rounds.Select(static round => round.Predict.PerSecond / round.Infer.PerSecond));

    private double PredictLean => Loops.Median(Rounds.Select(static round => round.PredictLean.PerSecond));

    private double PredictLeanToInfer => Loops.Median(Rounds.Select(static round => round.PredictLean.PerSecond / round.Infer.PerSecond));

    private double InferCost => Loops.Median(Rounds.Select(static round => round.Infer.ServerMicroseconds));

    private double PredictCost => Loops.Median(Rounds.Select(static round => round.Predict.ServerMicroseconds));

    private double PredictLeanCost => Loops.Median(Rounds.Select(static round => round.PredictLean.ServerMicroseconds));

    private double P50 => Loops.Median(Rounds.Select(static round => round.P50));

    private double P99 => Loops.Median(Rounds.Select(static round => round.P99));

    private double P999 => Loops.Median(Rounds.Select(static round => round.P999));

    private double FloorP99 => Loops.Median(Rounds.Select(static round => round.FloorP99));

    private double HalfBusy => Loops.Median(Rounds.Select(static round => round.HalfBusy));

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine($"{Processors} processors shared by load, server and store ({Store}); {InFlight} in flight on {Connections} connections; medians of {Rounds.Count} interleaved rounds; 1 row, 15 features");
        text.AppendLine();
        Row(text, "session in process", $"{Direct:N0}/s", "");
        Row(text, "ModelInfer over gRPC", $"{Infer:N0}/s", $"{InferToDirect:F3} of the session; server {InferCost:F0} us per call");
        Row(text, "Predict by entity over gRPC", $"{Predict:N0}/s", $"{PredictToInfer:F2} of ModelInfer (bar {RatioBar}: {Verdict(PredictToInfer >= RatioBar)}); server {PredictCost:F0} us per call");
        Row(text, "  without features in it", $"{PredictLean:N0}/s", $"{PredictLeanToInfer:F2} of ModelInfer; server {PredictLeanCost:F0} us per call");
        Row(text, "ModelInfer, .NET client", $"{ClientInfer:N0}/s", "");
        Row(text, "Predict, .NET client", $"{ClientPredict:N0}/s", $"{ClientPredictToInfer:F2} of ModelInfer (bar {RatioBar}: {Verdict(ClientPredictToInfer >= RatioBar)})");
        Row(text, "Predict at half of its rate", $"p50 {P50:F2} ms", $"p99 {P99:F2} ms (bar {P99BarMilliseconds} ms: {Verdict(P99 < P99BarMilliseconds)}), p99.9 {P999:F2} ms, {Rounds.Sum(static round => round.Failures)} failed");
        Row(text, "  of a server that only answers", $"p99 {FloorP99:F2} ms", string.Create(CultureInfo.InvariantCulture, $"the machine's floor at that rate; processors {HalfBusy:P0} busy with Predict"));
        if (CoalescedReads is { } reads)
        {
            Row(text, $"{CoalescedRequests} requests for one pair", $"{reads} reads", $"2 is one per entity (bar 2: {Verdict(reads <= 2)})");
        }

        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new { InFlight, Connections, Processors, Store, Direct, Infer, Predict, PredictLean, InferToDirect, PredictToInfer, PredictLeanToInfer, ClientInfer, ClientPredict, ClientPredictToInfer, InferCost, PredictCost, PredictLeanCost, P50, P99, P999, FloorP99, HalfBusy, CoalescedRequests, CoalescedReads, Rounds },
        JsonOptions);

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private static string Verdict(bool isMet) => isMet ? "met" : "NOT MET";

    private static void Row(StringBuilder text, string what, string value, string ratio) =>
        text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{what,-30} {value,14}  {ratio}"));
}
