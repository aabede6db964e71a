namespace ZeroWorld.ML.Training.Fraud;

/// <summary>How a model is trained on a table.</summary>
public sealed record FraudTableSettings
{
    /// <value>Names out of <see cref="FraudAlgorithms.Names"/>; the one with the best validation average precision is packaged.</value>
    public IReadOnlyList<string> Algorithms { get; init; } = [FraudAlgorithms.Logistic, FraudAlgorithms.LightGbm, FraudAlgorithms.LogisticTrees];

    /// <value>What is tried about positives being rare, each with every setting of the algorithms that know classes; at least one, each once.</value>
    public IReadOnlyList<ClassBalance> Balances { get; init; } = [ClassBalance.Plain];

    /// <value>Seeds whose mean is reported; an odd number of different ones, so that one of them is the median.</value>
    public IReadOnlyList<int> Seeds { get; init; } = [1, 2, 3];

    /// <value>What keeps test rows apart from training rows, and validation rows from those that are fitted on.</value>
    public SplitKind Split { get; init; }

    /// <value>First moment of the test; <see langword="null"/>: the last <see cref="TestShare"/> of the rows. Not for a split by entity.</value>
    public string? TestFrom { get; init; }

    /// <value>Share of test rows, and of validation rows in the training part, by <see cref="Split"/>; above 0, below 1.</value>
    public double TestShare { get; init; } = 0.2;

    /// <value>How long after a row its label is known; 0 or more. Left out of account for times that are only an order; in a split by entity only <see cref="AsOf"/> counts with it.</value>
    public TimeSpan LabelDelay { get; init; }

    /// <value>The moment of training: labels of rows later than this minus <see cref="LabelDelay"/> are not mature, and those rows are left out. <see langword="null"/>: all are mature.</value>
    public string? AsOf { get; init; }

    public CalibrationMethod Calibration { get; init; }

    /// <value>Trees without a better log loss on later rows after which LightGBM adds no more; 0, the default: as many as the grid says. The autoencoder always stops by itself.</value>
    public int EarlyStopping { get; init; }

    /// <value>Share of a day's rows that may be stopped (review or block); above 0, below 1. Of no account with <see cref="Costs"/>.</value>
    public double AlertShare { get; init; } = 0.012;

    /// <value>Share of a day's rows that may be blocked; above 0, at most <see cref="AlertShare"/>.</value>
    public double BlockShare { get; init; } = 0.003;

    /// <value>Costs of a false alarm and of a miss: the threshold of block is the cheapest on validation rows. <see langword="null"/>: thresholds keep the budget.</value>
    public (double FalseAlarm, double Miss)? Costs { get; init; }

    /// <value>The k of card precision@k; 1 or more.</value>
    public int CardsPerDay { get; init; } = 100;

    /// <value>Features whose values divide the test rows into segments that are measured apart.</value>
    public IReadOnlyList<string> Segments { get; init; } = [];

    /// <value>The gate against the champion.</value>
    public EvaluationGate Gate { get; init; } = new();

    /// <returns>A sentence about the first setting outside its range, which begins with its name, or <see langword="null"/>.</returns>
    public string? FindProblem() => this switch
    {
        { Algorithms.Count: 0 } => "algorithm: none was given; expected at least one.",
        { Algorithms: var names } when names.FirstOrDefault(static name => !FraudAlgorithms.Names.Contains(name)) is { } unknown => FraudAlgorithms.Unknown(unknown),
        { Balances: var balances } when balances.Count == 0 || balances.Distinct().Count() != balances.Count || balances.Any(static balance => !Enum.IsDefined(balance))
            => $"balance: {string.Join(", ", balances)}; expected each of {string.Join(", ", Enum.GetNames<ClassBalance>())} once at most, and at least one.",
        { Seeds: var seeds } when seeds.Count % 2 == 0 || seeds.Distinct().Count() != seeds.Count
            => $"seeds: {string.Join(", ", seeds)}; expected an odd number of different seeds.",
        { Split: not (SplitKind.Time or SplitKind.Entity) } => $"split: {Split}; expected Time or Entity.",
        { Split: SplitKind.Entity, TestFrom: { } from } => $"test-from: {from}; expected none with a split by entity, whose test rows are of all times.",
        { TestShare: not (> 0 and < 1) } => FormattableString.Invariant($"test-share: {TestShare}; expected above 0 and below 1."),
        { LabelDelay.Ticks: < 0 } => FormattableString.Invariant($"label-delay: {LabelDelay.TotalDays} days; expected 0 or more."),
        { AlertShare: not (> 0 and < 1) } => FormattableString.Invariant($"alert-share: {AlertShare}; expected above 0 and below 1."),
        { BlockShare: var share } when !(share > 0 && share <= AlertShare) => FormattableString.Invariant($"block-share: {BlockShare}; expected above 0 and at most alert-share, {AlertShare}."),
        { Costs: (not (> 0 and < double.PositiveInfinity), _) } => FormattableString.Invariant($"cost-false-alarm: {Costs.Value.FalseAlarm}; expected a number above 0."),
        { Costs: (_, not (> 0 and < double.PositiveInfinity)) } => FormattableString.Invariant($"cost-miss: {Costs.Value.Miss}; expected a number above 0."),
        { EarlyStopping: < 0 } => $"early-stopping: {EarlyStopping}; expected 0 or more.",
        { CardsPerDay: < 1 } => $"cards-per-day: {CardsPerDay}; expected 1 or more.",
        { Gate.LossAccepted: not (>= 0 and < double.PositiveInfinity) } => FormattableString.Invariant($"gate-loss: {Gate.LossAccepted}; expected 0 or more."),
        _ => null,
    };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    internal void Check()
    {
        if (FindProblem() is { } problem)
        {
            throw new TrainingException(TrainingError.InvalidInput, problem);
        }
    }
}
