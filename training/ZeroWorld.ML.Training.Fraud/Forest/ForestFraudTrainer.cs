using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Random forest (FastForest of ML.NET) on float32 features: the mean of its trees is a probability.</summary>
/// <remarks>Deterministic: one thread, every random choice by the seed. Thread safe.</remarks>
public sealed class ForestFraudTrainer : ITrainer<ForestFraudModel>
{
    private readonly ForestSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public ForestFraudTrainer(ForestSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings("Random forest", settings.FindProblem());
        _settings = settings;
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => FraudAlgorithms.RandomForest;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public ForestFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        cancellationToken.ThrowIfCancellationRequested();
        var context = new MLContext(seed);
        var trainer = context.BinaryClassification.Trainers.FastForest(new FastForestBinaryTrainer.Options
        {
            LabelColumnName = nameof(TableView.Row.Label),
            FeatureColumnName = nameof(TableView.Row.Features),
            ExampleWeightColumnName = _settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight),
            NumberOfTrees = _settings.Trees,
            NumberOfLeaves = _settings.LeavesMax,
            MinimumExampleCountPerLeaf = _settings.LeafRowsMin,
            MaximumBinCountPerFeature = _settings.BinsMax,
            FeatureFractionPerSplit = _settings.FeatureFractionPerSplit,
            BaggingExampleFraction = _settings.RowFraction,
            NumberOfThreads = 1,
            Seed = seed,
            FeatureSelectionSeed = seed,
        });
        var transformer = trainer.Fit(TableView.Of(context, table, rows, _settings.PositiveWeight));
        var trees = transformer.Model.TrainedTreeEnsemble;

        // A leaf is the mean of its labels as -1 and 1, and the score is the sum over the trees: half of the mean and a half are the probability.
        var part = TreeFraudModel.Part.Of(transformer, trees, 0.5 / trees.Trees.Count, 0.5);
        return new ForestFraudModel(new TreeFraudModel(context, [part], table.FeatureNames.Count));
    }
}
