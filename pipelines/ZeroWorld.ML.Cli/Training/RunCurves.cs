using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>curves.json of a run: what its plots are drawn from.</summary>
/// <param name="Roc">False positive rate against true positive rate.</param>
/// <param name="PrecisionRecall">Recall against precision.</param>
/// <param name="Reliability">Mean probability against observed share, bins of equal mass.</param>
/// <param name="Confusion">Counts at each threshold of the policy.</param>
internal sealed record RunCurves(
    IReadOnlyList<double[]> Roc, IReadOnlyList<double[]> PrecisionRecall, IReadOnlyList<double[]> Reliability, IReadOnlyList<RunCurves.Table> Confusion)
{
    public const string File = "curves.json";

    private const int PointsMax = 400;
    private const int Bins = 10;

    public static JsonSerializerOptions JsonOptions { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static RunCurves Of(FraudTableResult result)
    {
        float[] scores = [.. result.TestScores];
        bool[] labels = [.. result.TestLabels];
        return new RunCurves(
            Points(BinaryCurves.Roc(scores, labels)),
            Points(BinaryCurves.PrecisionRecall(scores, labels)),
            Points(BinaryCurves.Reliability(scores, labels, Bins)),
            [
                .. result.Thresholds.Decisions.Where(static decision => decision.AtLeast > 0).Select(decision =>
                {
                    var counts = ConfusionCounts.At(scores, labels, decision.AtLeast);
                    return new Table(decision.Name, decision.AtLeast, counts.TruePositives, counts.FalsePositives, counts.FalseNegatives, counts.TrueNegatives);
                }),
            ]);
    }

    private static double[][] Points(IReadOnlyList<CurvePoint> curve) => [.. BinaryCurves.Thin(curve, PointsMax).Select(static point => (double[])[point.X, point.Y])];

    /// <param name="Decision">Name of the decision.</param>
    /// <param name="AtLeast">Its threshold.</param>
    internal sealed record Table(string Decision, double AtLeast, long TruePositives, long FalsePositives, long FalseNegatives, long TrueNegatives);
}
