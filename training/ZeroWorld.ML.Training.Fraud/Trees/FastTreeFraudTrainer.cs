using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Gradient boosted trees (FastTree of ML.NET) on float32 features.</summary>
/// <remarks>Deterministic: one thread, every random choice by the seed. Thread safe.</remarks>
public sealed class FastTreeFraudTrainer : ITrainer<TreeFraudModel>
{
    private readonly FastTreeSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public FastTreeFraudTrainer(FastTreeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings("FastTree", settings.FindProblem());
        _settings = settings;
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => FraudAlgorithms.FastTree;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public TreeFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        cancellationToken.ThrowIfCancellationRequested();
        var context = new MLContext(seed);
        var trainer = context.BinaryClassification.Trainers.FastTree(new FastTreeBinaryTrainer.Options
        {
            LabelColumnName = nameof(TableView.Row.Label),
            FeatureColumnName = nameof(TableView.Row.Features),
            ExampleWeightColumnName = _settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight),
            NumberOfTrees = _settings.Trees,
            LearningRate = _settings.LearningRate,
            NumberOfLeaves = _settings.LeavesMax,
            MinimumExampleCountPerLeaf = _settings.LeafRowsMin,
            MaximumBinCountPerFeature = _settings.BinsMax,
            NumberOfThreads = 1,
            Seed = seed,
            FeatureSelectionSeed = seed,
        });
        var transformer = trainer.Fit(TableView.Of(context, table, rows, _settings.PositiveWeight));
        var calibrator = transformer.Model.Calibrator;
        var part = TreeFraudModel.Part.Of(transformer, transformer.Model.SubModel.TrainedTreeEnsemble, -calibrator.Slope, -calibrator.Offset);
        return new TreeFraudModel(context, [part], table.FeatureNames.Count);
    }
}
