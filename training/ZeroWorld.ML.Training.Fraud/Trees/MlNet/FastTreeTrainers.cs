using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>FastTree and FastForest of ML.NET as their settings say, on one thread.</summary>
internal static class FastTreeTrainers
{
    internal static IEstimator<ITransformer> Of(MLContext context, FastTreeSettings settings, int seed)
    {
        var options = new FastTreeBinaryTrainer.Options { LearningRate = settings.LearningRate, BaggingSize = settings.RowFraction < 1 ? 1 : 0 };
        Fill(options, settings, seed);
        return context.BinaryClassification.Trainers.FastTree(options);
    }

    internal static IEstimator<ITransformer> Of(MLContext context, ForestSettings settings, int seed)
    {
        var options = new FastForestBinaryTrainer.Options { FeatureFractionPerSplit = settings.FeatureFractionPerSplit };
        Fill(options, settings, seed);
        return context.BinaryClassification.Trainers.FastForest(options);
    }

    private static void Fill(TreeOptions options, TreeSettings settings, int seed)
    {
        options.LabelColumnName = nameof(TableView.Row.Label);
        options.FeatureColumnName = nameof(TableView.Row.Features);
        options.ExampleWeightColumnName = settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight);
        options.NumberOfTrees = settings.Trees;
        options.NumberOfLeaves = settings.LeavesMax;
        options.MinimumExampleCountPerLeaf = settings.LeafRowsMin;
        options.MaximumBinCountPerFeature = settings.BinsMax;
        options.BaggingExampleFraction = settings.RowFraction;
        options.NumberOfThreads = 1;
        options.Seed = seed;
        options.FeatureSelectionSeed = seed;
    }
}
