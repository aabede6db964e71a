using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Random forests by FastForest of ML.NET: the mean of the trees is a probability.</summary>
internal sealed class ForestEngine(ForestSettings settings) : ITreeEngine
{
    public ITreeEngine Prepare(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => this;

    public ITransformer Fit(MLContext context, IDataView rows, int seed)
    {
        var options = new FastForestBinaryTrainer.Options { FeatureFractionPerSplit = settings.FeatureFractionPerSplit };
        FastTreeEngine.Fill(options, settings, seed);
        return context.BinaryClassification.Trainers.FastForest(options).Fit(rows);
    }
}
