using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>Labelled texts to a tracked run, a package with a policy, a verdict and a registered version.</summary>
/// <param name="files">Full paths of what is read: the table, then verdicts.</param>
/// <param name="read">Reads them.</param>
/// <param name="toRequest">What to train, in which folder.</param>
/// <param name="settings">What the texts and the training are told apart by.</param>
internal sealed class ModerationTrainRun(
    IReadOnlyList<string> files,
    Func<LabelledTexts> read,
    Func<LabelledTexts, string, ModerationTrainingRequest> toRequest,
    IReadOnlyDictionary<string, string> settings,
    TrainingTarget target,
    StepConsole console)
{
    public const int StepCount = TrainingJob.StepCount + 1;

    private const string PolicyFile = "policy.json";
    private const string TrialMetric = "validation_log_loss";

    /// <exception cref="TrainingException">As <see cref="ModerationTraining.RunAsync"/>.</exception>
    public async Task<TrainingReport<ModerationTrainingResult>> RunAsync(CancellationToken cancellationToken)
    {
        var data = await console.RunAsync("texts", async _ =>
        {
            var texts = await Task.Run(read, cancellationToken);
            return (texts, string.Create(CultureInfo.InvariantCulture, $"{texts.Texts.Count:N0} texts, {texts.Labels.Columns} labels"));
        });
        var start = new RunStart
        {
            Experiment = target.Model.Name,
            Name = Path.GetFileName(files[0]),
            Parameters = new Dictionary<string, string>(settings) { ["table"] = files[0] },
            Tags = new Dictionary<string, string> { ["family"] = "moderation" },
        };
        return await new TrainingJob(target, console).RunAsync(
            start, await FingerprintAsync(cancellationToken), TrialMetric, (context, progress) => TrainAsync(context, data, progress, cancellationToken), cancellationToken);
    }

    private async Task<(ModerationTrainingResult Result, TrainingOutcome Outcome, string Summary)> TrainAsync(
        TrainingContext context, LabelledTexts data, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var request = toRequest(data, context.PackageDirectory) with { Champion = context.Champion };
        var result = await ModerationTraining.RunAsync(request, context.SparseScorer, TimeProvider.System, progress, cancellationToken);
        var policy = Path.Combine(context.PackageDirectory, PolicyFile);
        var outcome = new TrainingOutcome
        {
            Package = result.Package,
            Gate = result.Gate,
            Algorithm = request.Algorithm.ToString(),
            Parameters = result.Parameters,
            Metrics = [.. result.Metrics.Select(static pair => new RunMetric(pair.Key, 0, pair.Value))],
            Artifacts = new Dictionary<string, ReadOnlyMemory<byte>> { [PolicyFile] = await File.ReadAllBytesAsync(policy, cancellationToken) },
        };
        if (target.Output is null)
        {
            // The policy is no part of the package: it is versioned apart, and kept with the run.
            File.Delete(policy);
        }

        return (result, outcome, string.Create(CultureInfo.InvariantCulture, $"{result.Metrics["rows"]:N0} texts, ONNX parity {result.Parity.Difference:0.0e0}"));
    }

    private async Task<string> FingerprintAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            await using var stream = File.OpenRead(file);
            hash.AppendData(await SHA256.HashDataAsync(stream, cancellationToken));
        }

        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', settings.OrderBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => $"{entry.Key}={entry.Value}"))));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
