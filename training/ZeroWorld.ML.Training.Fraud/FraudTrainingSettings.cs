namespace ZeroWorld.ML.Training.Fraud;

/// <summary>How a fraud model is trained.</summary>
public sealed record FraudTrainingSettings
{
    /// <value>Seeds whose mean is reported; an odd number of different ones, so that one of them is the median.</value>
    public IReadOnlyList<int> Seeds { get; init; } = [1, 2, 3];

    /// <value>The k of card precision@k; 1 or more.</value>
    public int CardsPerDay { get; init; } = 100;

    /// <value>
    /// Longest training period of the default split; 7 days or more. More than four weeks cost time and bring nothing on the data of the Fraud Detection Handbook
    /// (average precision 0.70 with 28 and with 42 days, 0.67 with 7).
    /// </value>
    public int TrainingDaysMax { get; init; } = 28;

    /// <value>Share of a day's transactions that may be stopped (review or block); above 0, below 1. 1.2 % are the 100 alerts a day of the handbook's 8,300 transactions.</value>
    public double AlertShare { get; init; } = 0.012;

    /// <value>Share of a day's transactions that may be blocked; above 0, at most <see cref="AlertShare"/>.</value>
    public double BlockShare { get; init; } = 0.003;

    /// <value>Hyper-parameters to try, from simple to complex; at least one. Larger trees than these were never chosen, on published or simulated data.</value>
    public IReadOnlyList<LightGbmSettings> Grid { get; init; } =
    [
        new() { Trees = 200, LearningRate = 0.1, LeavesMax = 4, DepthMax = 3 },
        new() { Trees = 200, LearningRate = 0.05, LeavesMax = 8, DepthMax = 4 },
        new() { Trees = 400, LearningRate = 0.05, LeavesMax = 8, DepthMax = 4 },
    ];

    internal void Check()
    {
        var problem = this switch
        {
            { Seeds: var seeds } when seeds.Count % 2 == 0 || seeds.Distinct().Count() != seeds.Count
                => $"Seeds are {string.Join(", ", seeds)}; expected an odd number of different seeds.",
            { CardsPerDay: < 1 } => $"CardsPerDay is {CardsPerDay}; expected 1 or more.",
            { TrainingDaysMax: < FraudSplits.WeekDays } => $"TrainingDaysMax is {TrainingDaysMax}; expected {FraudSplits.WeekDays} or more.",
            { AlertShare: not (> 0 and < 1) } => $"AlertShare is {AlertShare}; expected above 0 and below 1.",
            { BlockShare: var share } when !(share > 0 && share <= AlertShare) => $"BlockShare is {BlockShare}; expected above 0 and at most AlertShare, {AlertShare}.",
            { Grid.Count: 0 } => "Grid is empty; expected at least one set of hyper-parameters.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"Training setting {problem}");
        }
    }
}
