using System.Globalization;

namespace ZeroWorld.ML.Training;

/// <summary>Decides whether a challenger may take the champion's place, by both models' scores on the same rows. Pure.</summary>
/// <remarks>
/// The decision is by the lower end of a paired bootstrap interval, not by which number is larger: on a few hundred positives a difference of 0.01 average precision is
/// noise. Immutable and thread safe.
/// </remarks>
public sealed record EvaluationGate
{
    /// <value>What is compared. Default: average precision.</value>
    public GateMetric Metric { get; init; } = GateMetric.AveragePrecision;

    /// <value>
    /// Loss that is accepted for sure, 0 or more, in units of the metric. Default 0: the challenger must be better for sure. 0.01 lets one through that is at most 0.01
    /// worse with the given confidence (a retrained model is often as good, and fresher).
    /// </value>
    public double LossAccepted { get; init; }

    /// <value>Share of resamples inside the interval; above 0.5, below 1. Default 0.95.</value>
    public double Confidence { get; init; } = 0.95;

    /// <value>Draws; 100 to 100,000. Default 1,000.</value>
    public int Resamples { get; init; } = 1000;

    /// <value>Seed of the draws.</value>
    public int Seed { get; init; } = 1;

    /// <summary>Compares probabilities of the positive class.</summary>
    /// <param name="champion">Scores of the model in place, one per row.</param>
    /// <param name="challenger">Scores of the new model on the same rows.</param>
    /// <param name="labels">One per row.</param>
    /// <param name="groups">Entity of each row, so that rows of one entity are drawn together; empty for independent rows.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting. <see cref="TrainingError.UnsuitableData"/>: rows of one class only.</exception>
    /// <exception cref="ArgumentException">Lengths differ, or a score is NaN.</exception>
    public GateVerdict Compare(
        ReadOnlySpan<float> champion, ReadOnlySpan<float> challenger, ReadOnlySpan<bool> labels, ReadOnlySpan<long> groups, CancellationToken cancellationToken)
    {
        Check();
        var difference = PairedBootstrap.OfDifference(Metric, champion, challenger, labels, groups, Resamples, Confidence, Seed, cancellationToken);
        var isLoss = Metric is GateMetric.Brier or GateMetric.LogLoss;
        return Decide(Metric.ToString(), isLoss ? difference with { Value = -difference.Value, Lower = -difference.Upper, Upper = -difference.Lower } : difference);
    }

    /// <summary>Compares means over units such as users or texts: one value per unit of any metric of which greater is better.</summary>
    /// <param name="metric">Its name, for the sentence.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting.</exception>
    /// <exception cref="ArgumentException">Lengths differ, or there are no units.</exception>
    public GateVerdict CompareMeans(string metric, ReadOnlySpan<double> champion, ReadOnlySpan<double> challenger)
    {
        ArgumentException.ThrowIfNullOrEmpty(metric);
        Check();
        return Decide(metric, PairedBootstrap.OfMeans(champion, challenger, Resamples, Confidence, Seed));
    }

    /// <summary>The verdict where there is no champion: the first model passes.</summary>
    public static GateVerdict WithoutChampion { get; } = new(true, null, "There is no champion to compare with: the first model passes.");

    /// <summary>The verdict where the champion cannot score the test rows: a model that was compared with nothing does not take its place.</summary>
    /// <param name="problem">Why not, without a full stop.</param>
    public static GateVerdict NotComparable(string problem)
    {
        ArgumentException.ThrowIfNullOrEmpty(problem);
        return new GateVerdict(false, null, $"{problem}. The version is kept without an alias; give it one by hand, or train another model name.");
    }

    private GateVerdict Decide(string metric, BootstrapInterval gain)
    {
        var isPassed = LossAccepted == 0 ? gain.Lower > 0 : gain.Lower >= -LossAccepted;
        var change = gain.Value switch { > 0 => "better by", < 0 => "worse: the difference is", _ => "neither better nor worse: the difference is" };
        var demand = LossAccepted == 0 ? "a lower end above 0" : string.Create(CultureInfo.InvariantCulture, $"a lower end of at least {-LossAccepted:0.####}");
        return new GateVerdict(
            isPassed,
            gain,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{metric} of the challenger is {change} {gain} ({gain.Confidence:P0} of {gain.Resamples} resamples of {gain.Units} units); expected {demand}."));
    }

    private void Check()
    {
        var problem = this switch
        {
            { LossAccepted: not (>= 0 and < double.PositiveInfinity) } => $"LossAccepted is {LossAccepted}; expected 0 or more.",
            { Confidence: not (> 0.5 and < 1) } => $"Confidence is {Confidence}; expected above 0.5 and below 1.",
            { Resamples: < 100 or > 100_000 } => $"Resamples is {Resamples}; expected 100 to 100000.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"Gate setting {problem}");
        }
    }
}
