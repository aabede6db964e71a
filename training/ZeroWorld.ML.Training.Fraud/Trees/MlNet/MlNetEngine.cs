using Microsoft.ML;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees by a trainer of ML.NET, each fit in a context of its own.</summary>
/// <param name="positiveWeight">Of a positive row.</param>
/// <param name="trainer">The trainer of a seed.</param>
internal sealed class MlNetEngine(double positiveWeight, Func<MLContext, int, IEstimator<ITransformer>> trainer) : ITreeEngine
{
    /// <inheritdoc/>
    public ITreeFits Begin(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => new Fits(this, table, rows);

    /// <inheritdoc/>
    public IFittedTrees Read(byte[] state) => MlNetTrees.Read(state);

    private MlNetTrees Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var context = new MLContext(seed);
        var view = TableView.Of(context, table, rows, positiveWeight);
        return new MlNetTrees(context, trainer(context, seed).Fit(view), view.Schema);
    }

    private sealed class Fits(MlNetEngine engine, TrainingTable table, ReadOnlyMemory<int> rows) : ITreeFits
    {
        public IFittedTrees Fit(int seed, bool isAlone, FitCheckpoint? grown, CancellationToken cancellationToken) => engine.Fit(table, rows, seed, cancellationToken);

        public void Dispose()
        {
        }
    }
}
