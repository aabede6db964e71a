using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>What a run keeps of a fraud training.</summary>
internal static class FraudRunRecord
{
    public static Dictionary<string, string> ParametersOf(FraudTrainOptions options) => new()
    {
        ["table"] = options.Table,
        ["label"] = options.Columns.Label,
        ["time"] = options.Columns.Time,
        ["entity"] = options.Columns.Entity,
        ["algorithms"] = string.Join(",", options.Settings.Algorithms),
        ["seeds"] = string.Join(",", options.Settings.Seeds),
        ["calibration"] = options.Settings.Calibration.ToString(),
        ["label_delay_days"] = options.Settings.LabelDelay.TotalDays.ToString(CultureInfo.InvariantCulture),
        ["split"] = options.Settings.Split.ToString(),
        ["test"] = options.Test ?? options.Settings.TestFrom ?? options.Settings.TestShare.ToString(CultureInfo.InvariantCulture),
    };

    public static TrainingOutcome OutcomeOf(FraudTableResult result) => new()
    {
        Package = result.Package,
        Gate = result.Gate,
        Algorithm = result.Algorithm,
        Parameters = result.Parameters,
        Metrics = [.. MetricsOf(result)],
        Tags = new Dictionary<string, string> { ["calibration"] = result.Calibration },
        Notes = result.Notes,
        Artifacts = new Dictionary<string, ReadOnlyMemory<byte>>
        {
            [RunCurves.File] = JsonSerializer.SerializeToUtf8Bytes(RunCurves.Of(result), RunCurves.JsonOptions),
        },
    };

    private static IEnumerable<RunMetric> MetricsOf(FraudTableResult result)
    {
        foreach (var step in result.LearningCurve)
        {
            yield return new RunMetric("fit_log_loss", step.Trees, step.FitLogLoss);
            yield return new RunMetric("validation_log_loss", step.Trees, step.ValidationLogLoss);
        }

        yield return new RunMetric("test_auc_roc", 0, result.Packaged.AucRoc);
        yield return new RunMetric("test_average_precision", 0, result.Packaged.AveragePrecision);
        yield return new RunMetric($"test_card_precision_at_{result.Packaged.CardsPerDay}", 0, result.Packaged.CardPrecision);
        yield return new RunMetric("test_brier", 0, result.Packaged.Brier);
        yield return new RunMetric("test_log_loss", 0, result.Packaged.LogLoss);
        yield return new RunMetric("test_calibration_error", 0, result.CalibrationError);
        yield return new RunMetric("mean_test_average_precision", 0, result.Seeds.Average(static seed => seed.AveragePrecision));
    }
}
