using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>Writes a training into the store of runs as it happens: a run, and one part of it per trial.</summary>
/// <remarks>Each call is on the disk when it returns. Disposing stops the sign of life.</remarks>
internal sealed class FraudRunTracker : IAsyncDisposable
{
    private const string FingerprintTag = "fingerprint";
    private const string KeyTag = "trial_key";
    private const string PrecisionMetric = "validation_average_precision";
    private const int RunsMax = 10_000;

    private static readonly TimeSpan BeatPeriod = TimeSpan.FromSeconds(10);

    private readonly IRunStore _store;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _beat;

    private FraudRunTracker(IRunStore store, string id, string project, string experiment, string fingerprint, IReadOnlyDictionary<string, double> known)
    {
        (_store, Id, Project, Experiment, Fingerprint, KnownTrials) = (store, id, project, experiment, fingerprint, known);
        _beat = BeatAsync(_end.Token);
    }

    public string Id { get; }

    public string Project { get; }

    public string Experiment { get; }

    public string Fingerprint { get; }

    /// <summary>Trials that the resumed run had finished.</summary>
    public IReadOnlyDictionary<string, double> KnownTrials { get; }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the run to resume ended, or was of other data or settings.</exception>
    public static async Task<FraudRunTracker> OpenAsync(IRunStore store, FraudTrainOptions options, string fingerprint, CancellationToken cancellationToken)
    {
        var (project, experiment) = (options.Model.Project, options.Model.Name);
        if (options.Resume is null)
        {
            var run = await store.StartAsync(
                new RunStart
                {
                    Project = project,
                    Experiment = experiment,
                    Name = options.Name ?? $"{Path.GetFileName(options.Data)}: {options.Columns.Label}",
                    Parameters = ParametersOf(options),
                    Tags = new Dictionary<string, string> { [FingerprintTag] = fingerprint, ["family"] = "fraud" },
                },
                cancellationToken);
            return new FraudRunTracker(store, run.Id, project, experiment, fingerprint, new Dictionary<string, double>());
        }

        var resumed = await store.GetAsync(project, options.Resume, cancellationToken);
        if (resumed.Status != RunStatus.Running)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"resume: run {resumed.Id} has ended as {resumed.Status}; only a killed run is taken up again.");
        }

        if (resumed.Tags.GetValueOrDefault(FingerprintTag) != fingerprint)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"resume: run {resumed.Id} was of other data, columns or settings; its trials say nothing about these.");
        }

        var parts = await store.ListAsync(project, null, resumed.Id, RunsMax, cancellationToken);
        var known = parts.Where(static part => part.Status == RunStatus.Finished && part.Tags.ContainsKey(KeyTag))
            .DistinctBy(static part => part.Tags[KeyTag]).ToDictionary(static part => part.Tags[KeyTag], static part => part.Metrics[PrecisionMetric]);
        return new FraudRunTracker(store, resumed.Id, project, experiment, fingerprint, known);
    }

    public async Task AddTrialAsync(TableTrial trial, CancellationToken cancellationToken)
    {
        var part = await _store.StartAsync(
            new RunStart
            {
                Project = Project,
                Experiment = Experiment,
                Name = string.Create(CultureInfo.InvariantCulture, $"trial {trial.Index + 1}: {trial.Algorithm}"),
                Parent = Id,
                Parameters = new Dictionary<string, string>(trial.Parameters) { ["algorithm"] = trial.Algorithm },
                Tags = new Dictionary<string, string> { [KeyTag] = trial.Key },
            },
            cancellationToken);
        await _store.AddMetricsAsync(part.Id, [new RunMetric(PrecisionMetric, 0, trial.AveragePrecision)], cancellationToken);
        await _store.FinishAsync(part.Id, RunStatus.Finished, cancellationToken);
        await _store.AddMetricsAsync(Id, [new RunMetric($"trial_{PrecisionMetric}", trial.Index, trial.AveragePrecision)], cancellationToken);
    }

    public async Task FinishAsync(FraudTableResult result, long? version, string? alias, CancellationToken cancellationToken)
    {
        await _store.AddParametersAsync(
            Id, result.Parameters.ToDictionary(static entry => $"chosen.{entry.Key}", static entry => entry.Value), cancellationToken);
        foreach (var chunk in MetricsOf(result).Chunk(1000))
        {
            await _store.AddMetricsAsync(Id, chunk, cancellationToken);
        }

        await AddFileAsync(RunCurves.File, JsonSerializer.SerializeToUtf8Bytes(RunCurves.Of(result), RunCurves.JsonOptions), cancellationToken);
        await AddFileAsync(ModelPackage.ManifestFile, await File.ReadAllBytesAsync(Path.Combine(result.Package.Directory, ModelPackage.ManifestFile), cancellationToken), cancellationToken);
        var tags = new Dictionary<string, string>
        {
            ["algorithm"] = result.Algorithm,
            ["calibration"] = result.Calibration,
            ["gate"] = result.Gate.IsPassed ? "passed" : "refused",
            ["package"] = result.Package.Digest,
        };
        if (version is { } number)
        {
            tags["model_version"] = number.ToString(CultureInfo.InvariantCulture);
        }

        if (alias is not null)
        {
            tags["alias"] = alias;
        }

        await _store.SetTagsAsync(Id, tags, cancellationToken);
        await _store.SetNoteAsync(Id, string.Join('\n', result.Notes.Append(result.Gate.Reason)), cancellationToken);
        await _store.FinishAsync(Id, RunStatus.Finished, cancellationToken);
    }

    // Ends in any case: the command is over, whatever its token says.
    public async Task FailAsync(string reason)
    {
        await _store.SetNoteAsync(Id, reason, CancellationToken.None);
        await _store.FinishAsync(Id, RunStatus.Failed, CancellationToken.None);
    }

    public Task CancelAsync() => _store.FinishAsync(Id, RunStatus.Cancelled, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _beat;
        _end.Dispose();
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(BeatPeriod);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await _store.BeatAsync(Id, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task AddFileAsync(string name, byte[] bytes, CancellationToken cancellationToken)
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, bytes, cancellationToken);
            await _store.AddArtifactAsync(Id, name, path, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
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

    private static Dictionary<string, string> ParametersOf(FraudTrainOptions options) => new()
    {
        ["data"] = options.Data,
        ["label"] = options.Columns.Label,
        ["time"] = options.Columns.Time,
        ["entity"] = options.Columns.Entity,
        ["algorithms"] = string.Join(",", options.Settings.Algorithms),
        ["seeds"] = string.Join(",", options.Settings.Seeds),
        ["calibration"] = options.Settings.Calibration.ToString(),
        ["label_delay_days"] = options.Settings.LabelDelay.TotalDays.ToString(CultureInfo.InvariantCulture),
        ["test"] = options.Test ?? options.Settings.TestFrom ?? options.Settings.TestShare.ToString(CultureInfo.InvariantCulture),
    };
}
