namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The algorithms by name, each with the small grid that validation rows choose from.</summary>
public static class FraudAlgorithms
{
    public const string Logistic = "logistic-regression";
    public const string RandomForest = "random-forest";
    public const string FastTree = "fasttree";
    public const string LightGbm = "lightgbm";
    public const string TreeBlend = "tree-blend";
    public const string LogisticTrees = "logistic-trees";
    public const string IsolationForest = "isolation-forest";
    public const string Autoencoder = "autoencoder";

    private const int StoppedTreesMax = 2000;
    private const int NegativesPerPositive = 10;

    // LightGBM takes 16 bytes per bin, feature and leaf: so many bins of all features together are half a gigabyte with eight leaves.
    private const int AllBinsMax = 4_000_000;
    private const int FewBins = 1024;
    private const int ManyBins = 60_000;

    // A leaf holds 20 rows and more, so that bins of fewer rows than this cut nowhere else, and with many columns they are what a fit on few rows takes its time for.
    private const int BinRowsMin = 8;
    private const int BinsMin = 64;
    private const int ManyRows = FewBins * BinRowsMin;

    // Rows times features, from which on a fit takes a minute. There the weight of the L2 does not tell, and of hundreds of features no single one needs bins by the thousand.
    private const long HugeValues = 20_000_000;
    private const int ManyBinsMin = 16_000;

    // What lies between two of a thousand cuts are few rows: where only hundreds are positive it is none or one of them, and no bin more tells anything.
    private const int ManyBinsPositivesMin = 1_000;

    private static readonly double[] LogisticWeights = [0.3, 0.6];

    /// <value>From simple to complex, the anomaly detectors last.</value>
    public static IReadOnlyList<string> Names { get; } = [Logistic, RandomForest, FastTree, LightGbm, LogisticTrees, TreeBlend, IsolationForest, Autoencoder];

    /// <summary>Whether log odds are probabilities by themselves: others need a calibrator.</summary>
    public static bool IsCalibrated(string algorithm) => algorithm is Logistic or FastTree or LightGbm or LogisticTrees or TreeBlend;

    /// <summary>The settings to try, from simple to complex.</summary>
    /// <param name="earlyStopping">As <see cref="LightGbmSettings.EarlyStopping"/>: above 0, LightGBM adds trees until it is met, at most 2,000. Of no account to the others.</param>
    /// <param name="featureCount">Features of the rows: many bins are tried where there are not too many features for them.</param>
    /// <param name="rows">Training rows: below 8,192 LightGBM has fewer bins, and neither many bins nor large trees are tried; from 20,000,000 values of more than 250 features on no many bins either, and logistic regression has one L2.</param>
    /// <param name="positives">Training rows that are positive: below 1,000 no many bins are tried.</param>
    /// <param name="positiveWeight">Weight of a positive row against a negative one; of no account to the anomaly detectors.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no such algorithm.</exception>
    public static IReadOnlyList<ITrainer<IFraudModel>> Grid(string algorithm, int earlyStopping = 0, int featureCount = 1, int rows = int.MaxValue, int positives = int.MaxValue, double positiveWeight = 1) => algorithm switch
    {
        Logistic => [.. (IsHuge(featureCount, rows) ? (double[])[1] : [0.1, 1, 10]).Select(l2 => new LogisticFraudTrainer(new LogisticSettings { L2 = l2, PositiveWeight = positiveWeight }))],
        RandomForest =>
        [
            new TreeFraudTrainer(new ForestSettings { LeavesMax = 64, LeafRowsMin = 2, PositiveWeight = positiveWeight }),
        ],
        FastTree =>
        [
            new TreeFraudTrainer(new FastTreeSettings { PositiveWeight = positiveWeight }),
            new TreeFraudTrainer(new FastTreeSettings { Trees = 200, LearningRate = 0.1, PositiveWeight = positiveWeight }),
        ],
        LightGbm =>
        [
            .. LightGbmGrid(featureCount, rows, positives).Select(settings => settings with { PositiveWeight = positiveWeight })
                .Select(settings => new TreeFraudTrainer(Stopped(settings, earlyStopping))),
        ],
        LogisticTrees =>
        [
            .. LogisticWeights.Select(weight => new LogisticTreesTrainer(
                new LogisticSettings { PositiveWeight = positiveWeight }, Stopped(AveragedOf(new LightGbmSettings { BinsMax = FewBinsOf(rows) }, rows) with { PositiveWeight = positiveWeight }, earlyStopping), weight)),
        ],
        TreeBlend => TreeBlendTrainer.Grid(
            [
                new LightGbmSettings { BinsMax = ManyBinsOf(featureCount, rows), Fits = 4, PositiveWeight = positiveWeight },
                new LightGbmSettings { Trees = 250, DepthMax = 6, RowFraction = 0.85, BinsMax = ManyBinsOf(featureCount, rows), Fits = 4, PositiveWeight = positiveWeight },
            ],
            [
                new FastTreeSettings { PositiveWeight = positiveWeight },
                new FastTreeSettings { Trees = 200, LearningRate = 0.05, LeafRowsMin = 10, BinsMax = 16_000, RowFraction = 0.8, PositiveWeight = positiveWeight },
            ],
            [0.15, 0.3, 0.5]),
        IsolationForest =>
        [
            new IsolationForestTrainer(new IsolationForestSettings()),
            new IsolationForestTrainer(new IsolationForestSettings { RowsPerTree = 1024, Trees = 200 }),
        ],
        Autoencoder =>
        [
            new AutoencoderTrainer(new AutoencoderSettings { Code = 4 }),
            new AutoencoderTrainer(new AutoencoderSettings { Hidden = 64, Code = 8 }),
        ],
        _ => throw new TrainingException(TrainingError.InvalidInput, Unknown(algorithm)),
    };

    /// <summary>The settings to try with positives weighted or negatives drawn.</summary>
    /// <param name="positives">Training rows that are positive; 1 or more.</param>
    internal static IEnumerable<ITrainer<IFraudModel>> Grid(string algorithm, ClassBalance balance, int earlyStopping, int featureCount, int rows, int positives) => balance switch
    {
        ClassBalance.Weights => Grid(algorithm, earlyStopping, featureCount, rows, positives, (double)(rows - positives) / positives),
        ClassBalance.Undersampling => Grid(algorithm, earlyStopping, featureCount, (int)Math.Min(rows, (1 + NegativesPerPositive) * (long)positives), positives)
            .Select(static trainer => new ResampledTrainer(trainer, NegativesPerPositive)),
        _ => Grid(algorithm, earlyStopping, featureCount, rows, positives),
    };

    /// <summary>Those of the given ones that mean something to an algorithm; the plain one where none does.</summary>
    internal static IEnumerable<ClassBalance> BalancesOf(string algorithm, IReadOnlyList<ClassBalance> balances) =>
        algorithm is IsolationForest or Autoencoder ? [ClassBalance.Plain] : balances;

    internal static string Unknown(string algorithm) => $"algorithm: '{algorithm}' is unknown; expected one of {string.Join(", ", Names)}.";

    private static IEnumerable<LightGbmSettings> LightGbmGrid(int featureCount, int rows, int positives)
    {
        var middle = new LightGbmSettings { BinsMax = FewBinsOf(rows) };
        var manyBins = ManyBinsOf(featureCount, rows);
        IEnumerable<LightGbmSettings> grid =
        [
            middle with { Trees = 100, LeavesMax = 4, DepthMax = 3 },
            middle,
            AveragedOf(middle, rows),
            .. positives < ManyBinsPositivesMin || (IsHuge(featureCount, rows) && manyBins < ManyBinsMin) ? (LightGbmSettings[])[] : [middle with { BinsMax = manyBins }, middle with { BinsMax = manyBins, Fits = 4 }],

            // For many rows of many columns, which small trees do not exhaust.
            .. rows < ManyRows ? (LightGbmSettings[])[] : [middle with { Trees = 400, LeavesMax = 31, DepthMax = 8, FeatureFraction = 0.6 }],
        ];
        return grid.Distinct();
    }

    // Few rows are exhausted by small trees, and what one model of them holds by chance others do not: on 71 made-up tables of 250 to 2,500 rows the mean of eight was the best of
    // nine settings, by 0.05 in the logarithm of average precision before four larger models.
    private static LightGbmSettings AveragedOf(LightGbmSettings middle, int rows) => rows < ManyRows
        ? middle with { Trees = 100, LeavesMax = 4, DepthMax = 3, RowFraction = 0.6, FeatureFraction = 0.5, Fits = 8 }
        : middle with { RowFraction = 0.7, FeatureFraction = 0.7, Fits = 4 };

    private static LightGbmSettings Stopped(LightGbmSettings settings, int earlyStopping) =>
        earlyStopping > 0 ? settings with { Trees = StoppedTreesMax, EarlyStopping = earlyStopping } : settings;

    private static bool IsHuge(int featureCount, int rows) => rows < int.MaxValue && (long)featureCount * rows >= HugeValues;

    private static int FewBinsOf(int rows) => Math.Clamp(rows / BinRowsMin, BinsMin, FewBins);

    private static int ManyBinsOf(int featureCount, int rows) => rows < ManyRows ? FewBinsOf(rows) : Math.Clamp(AllBinsMax / featureCount, FewBins, ManyBins);
}
