using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Trainers.LightGbm;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Gradient boosted trees (LightGBM through ML.NET) on float32 features.</summary>
/// <remarks>
/// Deterministic: LightGBM's deterministic mode, seeds of bagging and feature sampling from the given seed, and one thread, so that sums are taken in one order on
/// every machine. One thread also keeps small fits fast on busy machines, where OpenMP's waiting threads cost ten times what they gain. Thread safe.
/// </remarks>
public sealed class LightGbmFraudTrainer : ITrainer<TreeFraudModel>
{
    private const int ThreadCount = 1;
    private const double HeldOutShare = 0.2;

    // Far enough apart that the parts of one seed are not those of the next.
    private const int SeedsPerFit = 1000;

    private readonly LightGbmSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public LightGbmFraudTrainer(LightGbmSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings("LightGBM", settings.FindProblem());
        _settings = settings;
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => FraudAlgorithms.LightGbm;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public TreeFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        var context = new MLContext(seed);
        var trees = _settings.EarlyStopping > 0 ? ChooseTrees(context, table, rows, seed, cancellationToken) : _settings.Trees;
        var view = TableView.Of(context, table, rows, _settings.PositiveWeight);
        var parts = new List<TreeFraudModel.Part>(_settings.Fits);
        for (var fit = 0; fit < _settings.Fits; fit++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var trainer = context.BinaryClassification.Trainers.LightGbm(ToOptions(fit == 0 ? seed : unchecked((seed * SeedsPerFit) + fit), trees));
            var transformer = trainer.Fit(view);
            var calibrator = transformer.Model.Calibrator;

            // ML.NET's Platt calibrator is 1 / (1 + exp(slope x score + offset)): both signs turn for a sigmoid.
            parts.Add(TreeFraudModel.Part.Of(transformer, transformer.Model.SubModel.TrainedTreeEnsemble, -calibrator.Slope, -calibrator.Offset));
        }

        return new TreeFraudModel(context, parts, table.FeatureNames.Count);
    }

    // As many as had the least log loss on later rows; all of them where the later or the earlier rows are of one class.
    private int ChooseTrees(MLContext context, TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        var boundary = (int)(rows.Length * (1 - HeldOutShare));
        var (fit, held) = (rows[..boundary], rows[boundary..]);
        if (!HasBoth(table, fit) || !HasBoth(table, held))
        {
            return _settings.Trees;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var options = ToOptions(seed, _settings.Trees);
        options.EarlyStoppingRound = _settings.EarlyStopping;
        var transformer = context.BinaryClassification.Trainers.LightGbm(options)
            .Fit(TableView.Of(context, table, fit, _settings.PositiveWeight), TableView.Of(context, table, held, _settings.PositiveWeight));
        return Math.Max(1, transformer.Model.SubModel.TrainedTreeEnsemble.Trees.Count);
    }

    private static bool HasBoth(TrainingTable table, ReadOnlyMemory<int> rows) => table.CountPositives(rows.Span) is var positives && positives > 0 && positives < rows.Length;

    private LightGbmBinaryTrainer.Options ToOptions(int seed, int trees) => new()
    {
        LabelColumnName = nameof(TableView.Row.Label),
        FeatureColumnName = nameof(TableView.Row.Features),
        ExampleWeightColumnName = _settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight),
        NumberOfIterations = trees,
        LearningRate = _settings.LearningRate,
        NumberOfLeaves = _settings.LeavesMax,
        MinimumExampleCountPerLeaf = _settings.LeafRowsMin,
        MaximumBinCountPerFeature = _settings.BinsMax,
        NumberOfThreads = ThreadCount,
        Deterministic = true,
        Seed = seed,
        Silent = true,
        Verbose = false,
        Booster = new GradientBooster.Options
        {
            MaximumTreeDepth = _settings.DepthMax,
            L2Regularization = _settings.L2,
            SubsampleFraction = _settings.RowFraction,
            SubsampleFrequency = _settings.RowFraction < 1 ? 1 : 0,
            FeatureFraction = _settings.FeatureFraction,

            // The library's 0.1 would forbid leaves whose rows are nearly all certain, the pure ones that a rare class needs.
            MinimumChildWeight = 1e-3,
        },
    };
}
