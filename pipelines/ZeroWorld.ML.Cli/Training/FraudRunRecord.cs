using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>What a run keeps of a fraud training.</summary>
internal static class FraudRunRecord
{
    private const int ListLengthMax = 3_900;

    /// <summary>All that was asked for, so that two runs which differ in any of it can be told apart; what was not given is left out.</summary>
    public static Dictionary<string, string> ParametersOf(FraudTrainOptions options)
    {
        var (columns, settings) = (options.Columns, options.Settings);
        var parameters = new Dictionary<string, string>
        {
            ["table"] = options.Table,
            ["label"] = columns.Label,
            ["time"] = columns.Time,
            ["time_unit"] = columns.TimeUnit.ToString(),
            ["entity"] = columns.Entity,
            ["algorithms"] = string.Join(",", settings.Algorithms),
            ["seeds"] = string.Join(",", settings.Seeds),
            ["balance"] = string.Join(",", settings.Balances),
            ["calibration"] = settings.Calibration.ToString(),
            ["label_delay_days"] = Text(settings.LabelDelay.TotalDays),
            ["split"] = settings.Split.ToString(),
            ["test"] = options.Test ?? settings.TestFrom ?? Text(settings.TestShare),
            ["early_stopping"] = Text(settings.EarlyStopping),
            ["cards_per_day"] = Text(settings.CardsPerDay),
            ["gate_loss"] = Text(settings.Gate.LossAccepted),
        };
        Add("positive", columns.Positive);
        Add("features", ListOf(columns.Features));
        Add("categorical", ListOf(columns.Categorical));
        Add("segments", ListOf(settings.Segments));
        Add("as_of", settings.AsOf);
        if (settings.Costs is var (falseAlarm, miss))
        {
            Add("cost_false_alarm", Text(falseAlarm));
            Add("cost_miss", Text(miss));
        }
        else
        {
            Add("alert_share", Text(settings.AlertShare));
            Add("block_share", Text(settings.BlockShare));
        }

        return parameters;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                parameters[name] = value;
            }
        }
    }

    public static TrainingOutcome OutcomeOf(FraudTableResult result) => new()
    {
        Package = result.Package,
        Gate = result.Gate,
        Algorithm = result.Algorithm,
        Parameters = result.Parameters,
        Metrics = [.. MetricsOf(result)],
        Tags = TagsOf(result),
        Notes = result.Notes,
        Artifacts = new Dictionary<string, ReadOnlyMemory<byte>>
        {
            [RunCurves.File] = JsonSerializer.SerializeToUtf8Bytes(RunCurves.Of(result), RunCurves.JsonOptions),
        },
    };

    /// <returns>What early stopping kept, in words; <see langword="null"/> where nothing stops early.</returns>
    public static string? StoppedAfter(FraudTableResult result)
    {
        if (result.StoppedAfter.Count == 0)
        {
            return null;
        }

        var (steps, most) = result.Algorithm switch
        {
            FraudAlgorithms.Autoencoder => ("passes", "epochs_max"),
            FraudAlgorithms.LogisticTrees => ("trees", "trees.trees"),
            _ => ("trees", "trees"),
        };
        return $"kept the first {string.Join(", ", result.StoppedAfter)} {steps} by seed, of at most {result.Parameters[most]}";
    }

    private static Dictionary<string, string> TagsOf(FraudTableResult result)
    {
        var tags = new Dictionary<string, string> { ["calibration"] = result.Calibration };
        if (StoppedAfter(result) is { } stopped)
        {
            tags["early_stopping"] = stopped;
        }

        return tags;
    }

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

    // A value has at most 4,096 characters: a longer list ends with a digest of all of it, so that two of them are told apart.
    private static string? ListOf(IReadOnlyList<string>? names)
    {
        var text = string.Join(",", names ?? []);
        return text.Length switch
        {
            0 => null,
            <= ListLengthMax => text,
            _ => $"{text[..ListLengthMax]}... ({names!.Count} names, sha256 {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))})",
        };
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
