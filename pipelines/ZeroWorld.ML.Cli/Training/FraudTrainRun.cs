using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>A table to a tracked run, a package, a verdict and a registered version.</summary>
internal sealed class FraudTrainRun(FraudTrainOptions options, StepConsole console)
{
    public const int StepCount = TrainingJob.StepCount + 1;

    private const string TrialMetric = "validation_average_precision";

    /// <exception cref="TrainingException">As <see cref="FraudTableTraining.RunAsync"/>; a run that cannot be resumed.</exception>
    public async Task<TrainingReport<FraudTableResult>> RunAsync(CancellationToken cancellationToken)
    {
        var (table, test) = await console.RunAsync("table", async _ =>
        {
            var read = await TableFile.ReadAsync(options.Table, cancellationToken);
            var held = options.Test is { } path ? await TableFile.ReadAsync(path, cancellationToken) : null;
            return ((read, held), string.Create(CultureInfo.InvariantCulture, $"{read.Frame.Rows:N0} rows x {read.Columns.Count} columns"));
        });
        var start = new RunStart
        {
            Experiment = options.Target.Model.Name,
            Name = options.Name ?? $"{Path.GetFileName(options.Table)}: {options.Columns.Label}",
            Parameters = FraudRunRecord.ParametersOf(options),
            Tags = new Dictionary<string, string> { ["family"] = "fraud" },
        };
        return await new TrainingJob(options.Target, console).RunAsync(
            start, await FingerprintAsync(cancellationToken), TrialMetric, (context, progress) => TrainAsync(context, table, test, progress, cancellationToken), cancellationToken);
    }

    private async Task<(FraudTableResult Result, TrainingOutcome Outcome, string Summary)> TrainAsync(
        TrainingContext context, TableFileContent table, TableFileContent? test, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var request = new FraudTableRequest
        {
            Frame = table.Frame,
            Types = table.Columns.ToDictionary(static column => column.Name, static column => column.Type),
            Columns = options.Columns,
            Test = test?.Frame,
            Settings = options.Settings,
            Model = options.Target.Model,
            DataFingerprint = table.TrainingSet ?? context.Run.Fingerprint,
            OutputDirectory = context.PackageDirectory,
            Scorer = context.Scorer,
            Champion = context.Champion,
            KnownTrials = context.Run.KnownTrials,
            Checkpoints = context.Checkpoints,
            OnTrial = trial => context.Run.AddTrialAsync(
                new TrackedTrial(trial.Index, trial.Key, trial.Algorithm, trial.Parameters, trial.FoldPrecisions), cancellationToken),
        };
        var result = await new FraudTableTraining(TimeProvider.System).RunAsync(request, progress, cancellationToken);
        var summary = string.Create(
            CultureInfo.InvariantCulture, $"{result.Trials.Count} trials, {result.Algorithm}, ONNX parity {result.Parity.MaxDifference:0.0e0} on {result.Parity.Rows:N0} rows");
        return (result, FraudRunRecord.OutcomeOf(result), summary);
    }

    /// <summary>Of the bytes of the files, the columns and the settings: equal ones give equal trials.</summary>
    private async Task<string> FingerprintAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in (string?[])[options.Table, options.Test])
        {
            if (path is not null)
            {
                await using var stream = File.OpenRead(path);
                hash.AppendData(await SHA256.HashDataAsync(stream, cancellationToken));
            }
        }

        hash.AppendData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(options.Columns)));
        hash.AppendData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(options.Settings with { Gate = new EvaluationGate(), Costs = null })));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
