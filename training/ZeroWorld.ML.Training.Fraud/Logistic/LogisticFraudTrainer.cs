using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Logistic regression (L-BFGS through ML.NET) on features that are scaled by the training rows.</summary>
/// <remarks>Deterministic: one thread, starting at zero; the seed changes nothing. Thread safe.</remarks>
public sealed class LogisticFraudTrainer : ITrainer<LogisticFraudModel>
{
    private readonly LogisticSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public LogisticFraudTrainer(LogisticSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings("Logistic regression", settings.FindProblem());
        _settings = settings;
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => FraudAlgorithms.Logistic;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public LogisticFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        cancellationToken.ThrowIfCancellationRequested();
        var context = new MLContext(seed);
        var scaler = FeatureScaler.Fit(table, rows.Span);
        var trainer = context.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
        {
            LabelColumnName = nameof(TableView.Row.Label),
            FeatureColumnName = nameof(TableView.Row.Features),
            ExampleWeightColumnName = _settings.PositiveWeight == 1 ? null : nameof(TableView.Row.Weight),
            L1Regularization = 0,
            L2Regularization = (float)_settings.L2,
            OptimizationTolerance = 1e-8f,
            NumberOfThreads = 1,
        });
        var transformer = trainer.Fit(TableView.Of(context, table, rows, _settings.PositiveWeight, scaler));
        return new LogisticFraudModel(context, scaler, transformer);
    }
}
