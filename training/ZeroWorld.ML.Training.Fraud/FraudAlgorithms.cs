namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The algorithms by name, each with the small grid that validation rows choose from.</summary>
public static class FraudAlgorithms
{
    public const string Logistic = "logistic-regression";
    public const string RandomForest = "random-forest";
    public const string FastTree = "fasttree";
    public const string LightGbm = "lightgbm";
    public const string IsolationForest = "isolation-forest";

    /// <value>From simple to complex, the anomaly detector last.</value>
    public static IReadOnlyList<string> Names { get; } = [Logistic, RandomForest, FastTree, LightGbm, IsolationForest];

    /// <summary>Whether log odds are probabilities by themselves: others need a calibrator.</summary>
    public static bool IsCalibrated(string algorithm) => algorithm is Logistic or FastTree or LightGbm;

    /// <summary>The settings to try, from simple to complex.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no such algorithm.</exception>
    public static IReadOnlyList<ITrainer<IFraudModel>> Grid(string algorithm) => algorithm switch
    {
        Logistic => [.. ((double[])[0.1, 1, 10]).Select(static l2 => new LogisticFraudTrainer(new LogisticSettings { L2 = l2 }))],
        RandomForest =>
        [
            new ForestFraudTrainer(new ForestSettings { LeavesMax = 64, LeafRowsMin = 2 }),
        ],
        FastTree =>
        [
            new FastTreeFraudTrainer(new FastTreeSettings()),
            new FastTreeFraudTrainer(new FastTreeSettings { Trees = 200, LearningRate = 0.1 }),
        ],
        LightGbm =>
        [
            new LightGbmFraudTrainer(new LightGbmSettings { Trees = 100, LeavesMax = 4, DepthMax = 3 }),
            new LightGbmFraudTrainer(new LightGbmSettings()),
            new LightGbmFraudTrainer(new LightGbmSettings { RowFraction = 0.7, FeatureFraction = 0.7, Fits = 4 }),
            new LightGbmFraudTrainer(new LightGbmSettings { BinsMax = 60_000 }),
            new LightGbmFraudTrainer(new LightGbmSettings { BinsMax = 60_000, Fits = 4 }),
        ],
        IsolationForest =>
        [
            new IsolationForestTrainer(new IsolationForestSettings()),
            new IsolationForestTrainer(new IsolationForestSettings { RowsPerTree = 1024, Trees = 200 }),
        ],
        _ => throw new TrainingException(TrainingError.InvalidInput, $"algorithm: '{algorithm}' is unknown; expected one of {string.Join(", ", Names)}."),
    };
}
