using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>One round of all measurements.</summary>
internal sealed record LoadRound
{
    /// <value>Runs of the session in process, per second.</value>
    public required double Direct { get; init; }

    /// <value>ModelInfer over gRPC, per second.</value>
    public required double Infer { get; init; }

    /// <value>Predict by entity over gRPC, per second.</value>
    public required double Predict { get; init; }

    /// <value>The same without the features in the answer.</value>
    public required double PredictLean { get; init; }

    /// <value>Processor time of the server per call, microseconds.</value>
    public required double InferCost { get; init; }

    public required double PredictCost { get; init; }

    public required double PredictLeanCost { get; init; }

    /// <value>Median latency of Predict at half of its throughput, ms.</value>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double P999 { get; init; }

    /// <value>Calls of the open loop that failed.</value>
    public required int Failures { get; init; }
}

/// <summary>Medians of the rounds, with their ratios.</summary>
internal sealed record LoadReport(int InFlight, int Processors, string Store, IReadOnlyList<LoadRound> Rounds, int CoalescedRequests, long? CoalescedReads)
{
    private const double RatioBar = 0.6;
    private const double P99BarMilliseconds = 2;

    private double Direct => Loops.Median(Rounds.Select(static round => round.Direct));

    private double Infer => Loops.Median(Rounds.Select(static round => round.Infer));

    private double Predict => Loops.Median(Rounds.Select(static round => round.Predict));

    private double InferToDirect => Loops.Median(Rounds.Select(static round => round.Infer / round.Direct));

    private double PredictToInfer => Loops.Median(Rounds.Select(static round => round.Predict / round.Infer));

    private double PredictLean => Loops.Median(Rounds.Select(static round => round.PredictLean));

    private double PredictLeanToInfer => Loops.Median(Rounds.Select(static round => round.PredictLean / round.Infer));

    private double InferCost => Loops.Median(Rounds.Select(static round => round.InferCost));

    private double PredictCost => Loops.Median(Rounds.Select(static round => round.PredictCost));

    private double PredictLeanCost => Loops.Median(Rounds.Select(static round => round.PredictLeanCost));

    private double P50 => Loops.Median(Rounds.Select(static round => round.P50));

    private double P99 => Loops.Median(Rounds.Select(static round => round.P99));

    private double P999 => Loops.Median(Rounds.Select(static round => round.P999));

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine($"{Processors} processors shared by load, server and store ({Store}); {InFlight} in flight; medians of {Rounds.Count} interleaved rounds; 1 row, 15 features");
        text.AppendLine();
        Row(text, "session in process", $"{Direct:N0}/s", "");
        Row(text, "ModelInfer over gRPC", $"{Infer:N0}/s", $"{InferToDirect:F3} of the session; server {InferCost:F0} us per call");
        Row(text, "Predict by entity over gRPC", $"{Predict:N0}/s", $"{PredictToInfer:F2} of ModelInfer (bar {RatioBar}: {Verdict(PredictToInfer >= RatioBar)}); server {PredictCost:F0} us per call");
        Row(text, "  without features in it", $"{PredictLean:N0}/s", $"{PredictLeanToInfer:F2} of ModelInfer; server {PredictLeanCost:F0} us per call");
        Row(text, "Predict at half of that", $"p50 {P50:F2} ms", $"p99 {P99:F2} ms (bar {P99BarMilliseconds} ms: {Verdict(P99 < P99BarMilliseconds)}), p99.9 {P999:F2} ms, {Rounds.Sum(static round => round.Failures)} failed");
        if (CoalescedReads is { } reads)
        {
            Row(text, $"{CoalescedRequests} requests for one pair", $"{reads} reads", $"2 is one per entity (bar 2: {Verdict(reads <= 2)})");
        }

        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new { InFlight, Processors, Store, Direct, Infer, Predict, PredictLean, InferToDirect, PredictToInfer, PredictLeanToInfer, InferCost, PredictCost, PredictLeanCost, P50, P99, P999, CoalescedRequests, CoalescedReads, Rounds },
        JsonOptions);

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private static string Verdict(bool isMet) => isMet ? "met" : "NOT MET";

    private static void Row(StringBuilder text, string what, string value, string ratio) =>
        text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{what,-30} {value,14}  {ratio}"));
}
