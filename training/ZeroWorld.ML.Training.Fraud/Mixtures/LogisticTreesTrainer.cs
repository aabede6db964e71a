using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of logistic regression and LightGBM: on few rows a line and trees err on different ones.</summary>
/// <remarks>Deterministic as its parts are. Exported and explained as the sum of both. Thread safe.</remarks>
public sealed class LogisticTreesTrainer : IResumableTrainer<IFraudModel>
{
    /// <param name="logisticWeight">Weight of the logistic regression's log odds; above 0, below 1.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public LogisticTreesTrainer(LogisticSettings logistic, LightGbmSettings trees, double logisticWeight)
    {
        TrainingRows.CheckSettings("Logistic trees", logisticWeight is > 0 and < 1 ? null : $"LogisticWeight is {logisticWeight}; expected above 0 and below 1.");
        (Logistic, Trees, LogisticWeight) = (new LogisticFraudTrainer(logistic), new TreeFraudTrainer(trees), logisticWeight);
        Parameters = new SortedDictionary<string, string>(
            Logistic.Parameters.Select(static entry => KeyValuePair.Create($"logistic.{entry.Key}", entry.Value))
                .Concat(Trees.Parameters.Select(static entry => KeyValuePair.Create($"trees.{entry.Key}", entry.Value))).ToDictionary(),
            StringComparer.Ordinal)
        {
            ["logistic_weight"] = logisticWeight.ToString(CultureInfo.InvariantCulture),
        };
    }

    public string Algorithm => FraudAlgorithms.LogisticTrees;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    internal ITrainer<IFraudModel> Logistic { get; }

    internal ITrainer<IFraudModel> Trees { get; }

    internal double LogisticWeight { get; }

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => Fit(table, rows, seed, null, cancellationToken);

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken) =>
        Of(Logistic.Fit(table, rows, seed, cancellationToken), ((IResumableTrainer<IFraudModel>)Trees).Fit(table, rows, seed, checkpoint, cancellationToken));

    /// <summary>The model of parts that were fitted by <see cref="Logistic"/> and <see cref="Trees"/>.</summary>
    internal IFraudModel Of(IFraudModel logistic, IFraudModel trees) => new LogisticTreesModel(logistic, trees, LogisticWeight);
}
