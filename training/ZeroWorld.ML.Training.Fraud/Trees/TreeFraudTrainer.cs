using Microsoft.ML;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees on float32 features, by the library that the settings are of: LightGBM, FastTree or a random forest.</summary>
/// <remarks>
/// Deterministic: every random choice by the given seed, and one thread, so that sums are taken in one order on every machine. One thread also keeps small fits fast on busy
/// machines, where OpenMP's waiting threads cost ten times what they gain. The libraries grow a model in one go; where several are averaged they run side by side, one per processor, and each of them is a checkpoint, and so is a
/// fit that is done. Thread safe.
/// </remarks>
public sealed class TreeFraudTrainer : IResumableTrainer<IFraudModel>
{
    internal const int ThreadCount = 1;

    // Far enough apart that the parts of one seed are not those of the next.
    private const int SeedsPerFit = 1000;

    private readonly TreeSettings _settings;
    private readonly ITreeEngine _engine;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public TreeFraudTrainer(TreeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings(settings.Title, settings.FindProblem());
        (_settings, _engine) = (settings, ITreeEngine.Of(settings));
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => _settings.Algorithm;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => Fit(table, rows, seed, null, cancellationToken);

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        var trees = FitTrees(table, rows, seed, checkpoint, cancellationToken);
        return _settings is ForestSettings ? new ForestFraudModel(trees) : trees;
    }

    /// <summary>The same before a forest's probability becomes log odds.</summary>
    internal TreeFraudModel FitTrees(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        var context = new MLContext(seed);
        var view = TableView.Of(context, table, rows, _settings.PositiveWeight);
        var state = TreeFitState.Read(checkpoint, context, _settings.FitCount);
        var engine = state.Parts.Count < _settings.FitCount ? _engine.Prepare(table, rows, seed, cancellationToken) : _engine;
        while (state.Parts.Count < _settings.FitCount)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // One fit per processor side by side: each has its seed, its thread and its context, so that it is the same whether the ones before it were fitted, read or run beside it.
            var done = state.Parts.Count;
            var parts = new ITransformer[Math.Min(Environment.ProcessorCount, _settings.FitCount - done)];
            Run(parts.Length, index =>
            {
                var partSeed = done + index == 0 ? seed : unchecked((seed * SeedsPerFit) + done + index);
                var partContext = new MLContext(partSeed);
                parts[index] = engine.Fit(partContext, TableView.Of(partContext, table, rows, _settings.PositiveWeight), partSeed);
            });
            foreach (var part in parts)
            {
                cancellationToken.ThrowIfCancellationRequested();
                state.Add(part, view.Schema);
            }
        }

        return new TreeFraudModel(context, [.. state.Parts.Select(TreeFraudModel.Part.Of)], table.FeatureNames.Count);
    }
    private static void Run(int count, Action<int> fit)
    {
        if (count == 1)
        {
            fit(0);
            return;
        }

        try
        {
            Parallel.For(0, count, fit);
        }
        catch (AggregateException exception)
        {
            // Whoever calls knows the failure of one fit, by its own type.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }
}
