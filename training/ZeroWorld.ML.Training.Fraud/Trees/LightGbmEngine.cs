using Microsoft.ML;
using Microsoft.ML.Trainers.LightGbm;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Gradient boosted trees by LightGBM through ML.NET, in its deterministic mode.</summary>
internal sealed class LightGbmEngine(LightGbmSettings settings) : ITreeEngine
{
    private const double HeldOutShare = 0.2;

    // As many trees as had the least log loss on later rows; all of them where the later or the earlier rows are of one class.
    public ITreeEngine Prepare(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        var boundary = (int)(rows.Length * (1 - HeldOutShare));
        var (fit, held) = (rows[..boundary], rows[boundary..]);
        if (settings.EarlyStopping == 0 || !HasBoth(table, fit) || !HasBoth(table, held))
        {
            return this;
        }

        cancellationToken.ThrowIfCancellationRequested();
        var context = new MLContext(seed);
        var options = ToOptions(seed);
        options.EarlyStoppingRound = settings.EarlyStopping;
        var transformer = context.BinaryClassification.Trainers.LightGbm(options)
            .Fit(TableView.Of(context, table, fit, settings.PositiveWeight), TableView.Of(context, table, held, settings.PositiveWeight));
        return new LightGbmEngine(settings with { Trees = Math.Max(1, transformer.Model.SubModel.TrainedTreeEnsemble.Trees.Count), EarlyStopping = 0 });
    }

    public ITransformer Fit(MLContext context, IDataView rows, int seed) => context.BinaryClassification.Trainers.LightGbm(ToOptions(seed)).Fit(rows);

    private static bool HasBoth(TrainingTable table, ReadOnlyMemory<int> rows) => table.CountPositives(rows.Span) is var positives && positives > 0 && positives < rows.Length;

    private LightGbmBinaryTrainer.Options ToOptions(int seed) => new()
    {
        LabelColumnName = nameof(TableView.Row.Label),
        FeatureColumnName = nameof(TableView.Row.Features),
        ExampleWeightColumnName = settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight),
        NumberOfIterations = settings.Trees,
        LearningRate = settings.LearningRate,
        NumberOfLeaves = settings.LeavesMax,
        MinimumExampleCountPerLeaf = settings.LeafRowsMin,
        MaximumBinCountPerFeature = settings.BinsMax,
        NumberOfThreads = TreeFraudTrainer.ThreadCount,
        Deterministic = true,
        Seed = seed,
        Silent = true,
        Verbose = false,
        Booster = new GradientBooster.Options
        {
            MaximumTreeDepth = settings.DepthMax,
            L2Regularization = settings.L2,
            SubsampleFraction = settings.RowFraction,
            SubsampleFrequency = settings.RowFraction < 1 ? 1 : 0,
            FeatureFraction = settings.FeatureFraction,

            // The library's 0.1 would forbid leaves whose rows are nearly all certain, the pure ones that a rare class needs.
            MinimumChildWeight = 1e-3,
        },
    };
}
