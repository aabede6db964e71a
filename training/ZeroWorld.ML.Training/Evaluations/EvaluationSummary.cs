namespace ZeroWorld.ML.Training;

/// <summary>Quality of several seeds on the test rows of one split.</summary>
public sealed record EvaluationSummary
{
    public required TemporalSplit Split { get; init; }

    /// <value>Training rows.</value>
    public required int TrainRows { get; init; }

    /// <value>Positive ones among them.</value>
    public required int TrainPositives { get; init; }

    /// <value>Seeds, in the order of <see cref="Seeds"/>.</value>
    public required IReadOnlyList<int> SeedNumbers { get; init; }

    /// <value>One evaluation per seed.</value>
    public required IReadOnlyList<Evaluation> Seeds { get; init; }

    /// <value>The hyper-parameters that validation rows chose.</value>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    public MeasuredValue AucRoc => Measure(static evaluation => evaluation.AucRoc);

    public MeasuredValue AveragePrecision => Measure(static evaluation => evaluation.AveragePrecision);

    public MeasuredValue CardPrecision => Measure(static evaluation => evaluation.CardPrecision);

    public MeasuredValue Brier => Measure(static evaluation => evaluation.Brier);

    public MeasuredValue LogLoss => Measure(static evaluation => evaluation.LogLoss);

    private MeasuredValue Measure(Func<Evaluation, double> metric) => MeasuredValue.Of([.. Seeds.Select(metric)]);
}
