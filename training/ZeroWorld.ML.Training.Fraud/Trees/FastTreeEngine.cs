using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Gradient boosted trees by FastTree of ML.NET.</summary>
internal sealed class FastTreeEngine(FastTreeSettings settings) : ITreeEngine
{
    public ITreeEngine Prepare(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => this;

    public ITransformer Fit(MLContext context, IDataView rows, int seed)
    {
        var options = new FastTreeBinaryTrainer.Options { LearningRate = settings.LearningRate, BaggingSize = settings.RowFraction < 1 ? 1 : 0 };
        Fill(options, settings, seed);
        return context.BinaryClassification.Trainers.FastTree(options).Fit(rows);
    }

    /// <summary>What all trainers of the library share.</summary>
    internal static void Fill(TreeOptions options, TreeSettings settings, int seed)
    {
        options.LabelColumnName = nameof(TableView.Row.Label);
        options.FeatureColumnName = nameof(TableView.Row.Features);
        options.ExampleWeightColumnName = settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight);
        options.NumberOfTrees = settings.Trees;
        options.NumberOfLeaves = settings.LeavesMax;
        options.MinimumExampleCountPerLeaf = settings.LeafRowsMin;
        options.MaximumBinCountPerFeature = settings.BinsMax;
        options.BaggingExampleFraction = settings.RowFraction;
        options.NumberOfThreads = TreeFraudTrainer.ThreadCount;
        options.Seed = seed;
        options.FeatureSelectionSeed = seed;
    }
}
