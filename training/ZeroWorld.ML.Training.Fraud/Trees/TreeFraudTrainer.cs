using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees on float32 features, by the library that the settings are of: LightGBM, FastTree or a random forest.</summary>
/// <remarks>
/// Deterministic: every random choice by the given seed, and sums in one order on every machine. A LightGBM fit on many rows uses all processors, other fits one each. Where
/// several models are averaged they run side by side, one per processor, and each of them is a checkpoint, and so is a fit that is done. A LightGBM model that takes more than some
/// twenty seconds grows in sections, each of which is one too; models of the other libraries grow in one go. Thread safe.
/// </remarks>
public sealed class TreeFraudTrainer : IResumableTrainer<IFraudModel>
{
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
        Parameters = settings is LightGbmSettings ? settings.ToParameters() : TrainingRows.WithThreads(settings.ToParameters());
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
        var state = TreeFitState.Read(checkpoint, _engine, _settings.FitCount);
        if (state.Parts.Count < _settings.FitCount)
        {
            using var fits = _engine.Begin(table, rows, seed, cancellationToken);
            while (state.Parts.Count < _settings.FitCount)
            {
                AddParts(state, fits, seed, checkpoint, cancellationToken);
            }
        }

        return new TreeFraudModel(state.Parts, table.FeatureNames.Count, _settings is LightGbmSettings { EarlyStopping: > 0 });
    }

    // One fit per processor side by side: each has its seed, so that it is the same whether the ones before it were fitted, read or run beside it.
    private void AddParts(TreeFitState state, ITreeFits fits, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        var done = state.Parts.Count;
        var parts = new IFittedTrees[Math.Min(Environment.ProcessorCount, _settings.FitCount - done)];
        Run(parts.Length, index => parts[index] = fits.Fit(
            done + index == 0 ? seed : unchecked((seed * SeedsPerFit) + done + index),
            isAlone: parts.Length == 1,
            checkpoint?.Part(string.Create(CultureInfo.InvariantCulture, $"grown{done + index}")),
            cancellationToken));
        foreach (var part in parts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            state.Add(part);
        }
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
