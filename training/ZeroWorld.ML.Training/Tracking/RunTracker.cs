using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training;

/// <summary>Writes a training of any family into the store of runs as it happens: a run, and one part of it per trial.</summary>
/// <remarks>Each call is on the disk when it returns. Disposing stops the sign of life that is given every 10 s. One caller at a time.</remarks>
public sealed class RunTracker : IAsyncDisposable
{
    /// <summary>Tag of a run: the fingerprint of its data, columns and settings.</summary>
    public const string FingerprintTag = "fingerprint";

    /// <summary>Tag of a part: <see cref="TrackedTrial.Key"/>.</summary>
    public const string KeyTag = "trial_key";

    private const int RunsMax = 10_000;
    private const int MetricsPerCall = 1000;

    private static readonly TimeSpan BeatPeriod = TimeSpan.FromSeconds(10);

    private readonly IRunStore _store;
    private readonly string _trialMetric;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _beat;

    private RunTracker(IRunStore store, TrainingRun run, string fingerprint, string trialMetric, IReadOnlyDictionary<string, IReadOnlyList<double>> known, TimeProvider time)
    {
        (_store, Run, Fingerprint, _trialMetric, KnownTrials) = (store, run, fingerprint, trialMetric, known);
        _beat = BeatAsync(time, _end.Token);
    }

    /// <summary>The run as it was when it was opened.</summary>
    public TrainingRun Run { get; }

    public string Fingerprint { get; }

    /// <summary>Values per fold of the trials that the resumed run had finished, by <see cref="TrackedTrial.Key"/>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> KnownTrials { get; }

    /// <summary>Starts a run, or takes up one that was killed or interrupted.</summary>
    /// <param name="start">Of no account but for project when a run is taken up.</param>
    /// <param name="fingerprint">Of data, columns and settings: trials of a run with another one are not taken over.</param>
    /// <param name="trialMetric">What trials are measured by, such as <c>validation_average_precision</c>.</param>
    /// <param name="resume">Id of the run to take up, or its beginning; <see langword="null"/>: a new run.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the run to resume ended, or was of other data or settings.</exception>
    /// <exception cref="RegistryException">As <see cref="IRunStore"/>.</exception>
    public static async Task<RunTracker> OpenAsync(
        IRunStore store, RunStart start, string fingerprint, string trialMetric, string? resume, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentException.ThrowIfNullOrEmpty(fingerprint);
        ArgumentNullException.ThrowIfNull(time);
        if (resume is null)
        {
            var tags = new Dictionary<string, string>(start.Tags) { [FingerprintTag] = fingerprint };
            var run = await store.StartAsync(start with { Tags = tags }, cancellationToken).ConfigureAwait(false);
            return new RunTracker(store, run, fingerprint, trialMetric, new Dictionary<string, IReadOnlyList<double>>(), time);
        }

        var resumed = await store.GetAsync(start.Project, resume, cancellationToken).ConfigureAwait(false);
        if (resumed.Status is not (RunStatus.Running or RunStatus.Interrupted))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"resume: run {resumed.Id} has ended as {resumed.Status}; only a run that was killed or interrupted is taken up again.");
        }

        if (resumed.Tags.GetValueOrDefault(FingerprintTag) != fingerprint)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"resume: run {resumed.Id} was of other data, columns or settings; its trials say nothing about these.");
        }

        await store.ResumeAsync(resumed.Id, cancellationToken).ConfigureAwait(false);
        var parts = await store.ListAsync(start.Project, null, resumed.Id, RunsMax, cancellationToken).ConfigureAwait(false);
        var known = parts.Where(part => part.Status == RunStatus.Finished && part.Tags.ContainsKey(KeyTag))
            .DistinctBy(static part => part.Tags[KeyTag]).ToDictionary(static part => part.Tags[KeyTag], part => FoldsOf(part, trialMetric));
        return new RunTracker(store, resumed, fingerprint, trialMetric, known, time);
    }

    /// <summary>Records a finished trial: what returned is a checkpoint.</summary>
    /// <exception cref="RegistryException">As <see cref="IRunStore"/>.</exception>
    public async Task AddTrialAsync(TrackedTrial trial, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(trial);
        var part = await _store.StartAsync(
            new RunStart
            {
                Project = Run.Project,
                Experiment = Run.Experiment,
                Name = string.Create(CultureInfo.InvariantCulture, $"trial {trial.Index + 1}: {trial.Algorithm}"),
                Parent = Run.Id,
                Parameters = new Dictionary<string, string>(trial.Parameters) { ["algorithm"] = trial.Algorithm },
                Tags = new Dictionary<string, string> { [KeyTag] = trial.Key },
            },
            cancellationToken).ConfigureAwait(false);
        if (trial.Values.Count == 0)
        {
            // Left out before it was measured: known as done, with nothing to show.
            await _store.FinishAsync(part.Id, RunStatus.Finished, cancellationToken).ConfigureAwait(false);
            return;
        }

        var mean = trial.Values.Average();
        await _store.AddMetricsAsync(
            part.Id,
            [new RunMetric(_trialMetric, 0, mean), .. trial.Values.Select((value, fold) => new RunMetric(FoldMetric(_trialMetric, fold), 0, value))],
            cancellationToken).ConfigureAwait(false);
        await _store.FinishAsync(part.Id, RunStatus.Finished, cancellationToken).ConfigureAwait(false);
        await _store.AddMetricsAsync(Run.Id, [new RunMetric($"trial_{_trialMetric}", trial.Index, mean)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the run with what it made.</summary>
    /// <param name="version">The registered version; <see langword="null"/> when it was not registered.</param>
    /// <param name="alias">The alias that points at it, or <see langword="null"/>.</param>
    /// <exception cref="RegistryException">As <see cref="IRunStore"/>.</exception>
    public async Task FinishAsync(TrainingOutcome outcome, long? version, string? alias, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        await _store.AddParametersAsync(
            Run.Id, outcome.Parameters.ToDictionary(static entry => $"chosen.{entry.Key}", static entry => entry.Value), cancellationToken).ConfigureAwait(false);
        foreach (var (name, bytes) in outcome.Artifacts)
        {
            await AddFileAsync(name, bytes, cancellationToken).ConfigureAwait(false);
        }

        await _store.AddArtifactAsync(
            Run.Id, ModelPackage.ManifestFile, Path.Combine(outcome.Package.Directory, ModelPackage.ManifestFile), cancellationToken).ConfigureAwait(false);
        var tags = new Dictionary<string, string>(outcome.Tags)
        {
            ["algorithm"] = outcome.Algorithm,
            ["gate"] = outcome.Gate.IsPassed ? "passed" : "refused",
            ["package"] = outcome.Package.Digest,
        };
        if (version is { } number)
        {
            tags["model_version"] = number.ToString(CultureInfo.InvariantCulture);
        }

        if (alias is not null)
        {
            tags["alias"] = alias;
        }

        await FinishAsync(outcome.Metrics, tags, string.Join('\n', outcome.Notes.Append(outcome.Gate.Reason)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the run of a training that makes no package.</summary>
    /// <param name="note">At most 65,536 characters.</param>
    /// <exception cref="RegistryException">As <see cref="IRunStore"/>.</exception>
    public async Task FinishAsync(IReadOnlyList<RunMetric> metrics, IReadOnlyDictionary<string, string> tags, string note, CancellationToken cancellationToken)
    {
        foreach (var chunk in metrics.Chunk(MetricsPerCall))
        {
            await _store.AddMetricsAsync(Run.Id, chunk, cancellationToken).ConfigureAwait(false);
        }

        await _store.SetTagsAsync(Run.Id, tags, cancellationToken).ConfigureAwait(false);
        await _store.SetNoteAsync(Run.Id, note, cancellationToken).ConfigureAwait(false);
        await _store.FinishAsync(Run.Id, RunStatus.Finished, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the run by what stopped it: as cancelled, or as failed with the message. Where the store cannot be used either the run will be seen as lost.</summary>
    public Task EndAsync(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return WhereItCanBeWrittenAsync(() => exception is OperationCanceledException ? CancelAsync() : FailAsync(exception.Message));
    }

    /// <summary>Ends the run for now: something it needs is away. Where the store cannot be used either the run will be seen as lost, which is taken up as well.</summary>
    /// <param name="reason">The run's note; at most 65,536 characters.</param>
    public Task InterruptAsync(string reason) => WhereItCanBeWrittenAsync(async () =>
    {
        await _store.SetNoteAsync(Run.Id, reason, CancellationToken.None).ConfigureAwait(false);
        await _store.FinishAsync(Run.Id, RunStatus.Interrupted, CancellationToken.None).ConfigureAwait(false);
    });

    /// <summary>Ends the run as failed. It takes no token: the training is over, whatever its token says.</summary>
    public async Task FailAsync(string reason)
    {
        await _store.SetNoteAsync(Run.Id, reason, CancellationToken.None).ConfigureAwait(false);
        await _store.FinishAsync(Run.Id, RunStatus.Failed, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Ends the run as cancelled.</summary>
    public Task CancelAsync() => _store.FinishAsync(Run.Id, RunStatus.Cancelled, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _beat.ConfigureAwait(false);
        _end.Dispose();
    }

    private static string FoldMetric(string trialMetric, int fold) => string.Create(CultureInfo.InvariantCulture, $"{trialMetric}_fold_{fold + 1}");

    private static IReadOnlyList<double> FoldsOf(TrainingRun part, string trialMetric) =>
    [
        .. Enumerable.Range(0, part.Metrics.Count).Select(fold => FoldMetric(trialMetric, fold)).TakeWhile(part.Metrics.ContainsKey).Select(name => part.Metrics[name]),
    ];

    private static async Task WhereItCanBeWrittenAsync(Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (RegistryException exception) when (exception.Error == RegistryError.StoreUnavailable)
        {
            // The training ends by an exception of its own, which says more than this one. Without a sign of life the run is lost after a minute.
        }
    }

    private async Task BeatAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(BeatPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                await _store.BeatAsync(Run.Id, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
        catch (RegistryException)
        {
            // A sign of life that cannot be given makes the run look lost, nothing more: the next write of the training itself says what is wrong.
        }
    }

    private async Task AddFileAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, bytes, cancellationToken).ConfigureAwait(false);
            await _store.AddArtifactAsync(Run.Id, name, path, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
