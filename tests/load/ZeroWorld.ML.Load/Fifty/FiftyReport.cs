using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>One round with one store.</summary>
/// <param name="Infer">ModelInfer.</param>
/// <param name="Predict">Predict by entity.</param>
/// <param name="P50">Of Predict at half of its rate, ms.</param>
/// <param name="P99">Likewise.</param>
internal sealed record FiftyRound(LoadCost Infer, LoadCost Predict, double P50, double P99);

/// <summary>One round with and without the delay of one shard, at the same rate.</summary>
/// <param name="Even">p99 of the requests that do not need the shard while no shard is slow, ms.</param>
/// <param name="Slow">The same while it answers late.</param>
/// <param name="Delayed">p50 of the requests that do need it then: whether it is late at all.</param>
internal sealed record SlowShardRound(double Even, double Slow, double Delayed);

/// <summary>Medians of the rounds, with their ratios.</summary>
internal sealed record FiftyReport(int Processors, IReadOnlyDictionary<string, IReadOnlyList<FiftyRound>> Stores, IReadOnlyList<SlowShardRound> SlowShard)
{
    private const double RatioBar = 0.6;
    private const double P99BarMilliseconds = 2;
    private const double SlowBar = 1.2;

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Processors} processors shared by load, server and store; 1 row, 50 features in 5 views of one entity; medians");
        foreach (var (name, rounds) in Stores)
        {
            var ratio = Median(rounds, static round => round.Predict.PerSecond / round.Infer.PerSecond);
            var p99 = Median(rounds, static round => round.P99);
            text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-24}ModelInfer {Median(rounds, static round => round.Infer.PerSecond):N0}/s, server {Median(rounds, static round => round.Infer.ServerMicroseconds):F0} us per call");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {"",-24}Predict {Median(rounds, static round => round.Predict.PerSecond):N0}/s, server {Median(rounds, static round => round.Predict.ServerMicroseconds):F0} us per call: {ratio:F2} of ModelInfer (bar {RatioBar}: {Verdict(ratio >= RatioBar)})");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {"",-24}at half of its rate p50 {Median(rounds, static round => round.P50):F2} ms, p99 {p99:F2} ms (bar {P99BarMilliseconds} ms: {Verdict(p99 < P99BarMilliseconds)})");
        }

        if (SlowShard.Count > 0)
        {
            var ratio = Loops.Median(SlowShard.Select(static round => round.Slow / round.Even));
            text.AppendLine(CultureInfo.InvariantCulture, $"  {"one shard 50 ms late",-24}p99 of requests that do not need it {Loops.Median(SlowShard.Select(static round => round.Slow)):F2} ms, {ratio:F2} of {Loops.Median(SlowShard.Select(static round => round.Even)):F2} ms without the delay (bar {SlowBar}: {Verdict(ratio <= SlowBar)}); p50 of those that do {Loops.Median(SlowShard.Select(static round => round.Delayed)):F1} ms");
        }

        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(this);

    private static double Median(IReadOnlyList<FiftyRound> rounds, Func<FiftyRound, double> value) => Loops.Median(rounds.Select(value));

    private static string Verdict(bool isMet) => isMet ? "met" : "NOT met";
}
