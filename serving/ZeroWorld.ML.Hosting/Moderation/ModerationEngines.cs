using Grpc.Core;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Text models of the served packages with the policies that were chosen for them; the few that were asked last are kept.</summary>
/// <remarks>
/// Thread safe. Of the policies of a model the latest version that was chosen for the package decides: a file that is added is in force within <see cref="LookInterval"/>;
/// one that is wrong is logged and changes nothing.
/// </remarks>
internal sealed class ModerationEngines(ModerationOptions options, DataDirectory directory, TextModels models, TimeProvider time, ILogger<ModerationEngines> logger)
{
    private const int KeptMax = 8;
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Decides by a package's engine: on the caller's thread, and where only a runtime can score, on the model's own loop, scored with whatever waits there.</summary>
    /// <param name="logOf">What keeps the decisions of the package's model.</param>
    /// <exception cref="ProtocolFailure">FAILED_PRECONDITION: the package holds no text model, or no policy was chosen for it.</exception>
    /// <exception cref="TrainingException">The model's file is damaged.</exception>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>, <see cref="ServingError.ModelNotReady"/>: as <see cref="DecisionLoop"/> says.</exception>
    public async ValueTask<ModerationDecision> DecideAsync(
        Servable servable, ModerationItem item, string offset, TextWorkspace workspace, Func<ITextModel, IDecisionLog> logOf, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var entry = FindOrOpen(servable);
        var engine = await GetAsync(servable, entry, cancellationToken).ConfigureAwait(false);
        var log = logOf(engine.Model);
        return entry.Loop is { } loop
            ? await loop.RunAsync(engine.Model, item.Text, scored => engine.Decide(item, offset, workspace, log, scored, started), cancellationToken).ConfigureAwait(false)
            : engine.Decide(item, offset, workspace, log);
    }

    private async ValueTask<ModerationEngine> GetAsync(Servable servable, Entry entry, CancellationToken cancellationToken)
    {
        try
        {
            var model = await entry.Model.WaitAsync(cancellationToken).ConfigureAwait(false);
            lock (entry)
            {
                return Look(servable, model, entry);
            }
        }
        catch when (entry.Model.IsFaulted)
        {
            // The next caller tries again.
            lock (_gate)
            {
                if (_entries.GetValueOrDefault(servable.Digest) == entry)
                {
                    _entries.Remove(servable.Digest);
                }
            }

            throw;
        }
    }

    private Entry FindOrOpen(Servable servable)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(servable.Digest, out var entry))
            {
                if (!TextModels.IsOf(servable.Manifest))
                {
                    throw new ProtocolFailure(
                        StatusCode.FailedPrecondition, $"Model '{servable.Model.Name}' version {servable.Version} is no text model: its package has neither {TextModelFile.Name} nor {TextTokenizerSettings.FileName} with classes.");
                }

                while (_entries.Count >= KeptMax)
                {
                    _entries.Remove(_entries.MinBy(static pair => pair.Value.LastUsed).Key, out var oldest);
                    _ = DisposeAsync(oldest!);
                }

                // Reading blocks for as long as the disk takes: not on a thread that others wait for.
                var package = servable.Package;
                var loop = TextModels.IsTransformer(servable.Manifest) ? new DecisionLoop(options.QueueCapacity) : null;
                entry = new Entry(Task.Run(() => models.Open(package), CancellationToken.None), loop);
                _entries.Add(servable.Digest, entry);
            }

            entry.LastUsed = time.GetTimestamp();
            return entry;
        }
    }

    // What waits for its turn is decided; who comes later is told to ask again.
    private static async Task DisposeAsync(Entry entry)
    {
        if (entry.Loop is { } loop)
        {
            await loop.DisposeAsync().ConfigureAwait(false);
        }

        await entry.Model.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
        if (entry.Model.IsCompletedSuccessfully && await entry.Model.ConfigureAwait(false) is IDisposable disposable)
        {
            disposable.Dispose();
        }
    }

    private ModerationEngine Look(Servable servable, ITextModel model, Entry entry)
    {
        if (entry.Engine is { } known && time.GetElapsedTime(entry.LastLook) < LookInterval)
        {
            return known;
        }

        entry.LastLook = time.GetTimestamp();
        var folder = FolderOf(options.PolicyFolder ?? Path.Combine(directory.Root, "policies"), servable);

        // The one that was written first has its number.
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json").OrderBy(File.GetLastWriteTimeUtc).ThenBy(static file => file, StringComparer.Ordinal).ToArray() : [];
        foreach (var file in files)
        {
            var written = File.GetLastWriteTimeUtc(file);
            if (entry.Seen.GetValueOrDefault(file) != written)
            {
                entry.Seen[file] = written;
                Take(file, servable, model, entry);
            }
        }

        return entry.Engine ?? throw new ProtocolFailure(
            StatusCode.FailedPrecondition,
            $"No policy was chosen for model '{servable.Model.Name}' version {servable.Version} ({servable.Digest}): {folder} has {files.Length} policies, none of this package. "
            + "Put its policy.json there (zwml runs artifact writes that of the run it comes from), or carry an older one over with zwml moderate map-policy.");
    }

    private void Take(string file, Servable servable, ITextModel model, Entry entry)
    {
        try
        {
            var policy = ModerationPolicy.Read(file, model.Labels);
            Enter(policy, servable);
            if (policy.Model != servable.Digest || policy.Version <= entry.Engine?.Policy.Version)
            {
                return;
            }

            if (entry.Engine is { } engine)
            {
                engine.Change(policy);
            }
            else
            {
                entry.Engine = new ModerationEngine(model, servable.Digest, policy, time);
            }
        }
        catch (TrainingException exception)
        {
            HostingLog.PolicyRefused(logger, file, exception.Message);
        }
        catch (FeatureException exception)
        {
            // The ledger could not be written: the next look tries again.
            entry.Seen.Remove(file);
            HostingLog.PolicyRefused(logger, file, exception.Message);
        }
    }

    // Beside the policies of the data directory, wherever the files are: their folder may be read-only.
    private void Enter(ModerationPolicy policy, Servable servable)
    {
        var ledger = PolicyLedger.OfFolder(Directory.CreateDirectory(FolderOf(Path.Combine(directory.Root, "policies"), servable)).FullName);

        // Of a folder: it is done when it returns.
        ledger.EnterAsync(policy, CancellationToken.None).GetAwaiter().GetResult();
    }

    private static string FolderOf(string root, Servable servable) => Path.Combine(root, servable.Model.Project, servable.Model.Name);

    private sealed class Entry(Task<ITextModel> model, DecisionLoop? loop)
    {
        public Task<ITextModel> Model => model;

        public DecisionLoop? Loop => loop;

        public ModerationEngine? Engine { get; set; }

        public Dictionary<string, DateTime> Seen { get; } = new(StringComparer.Ordinal);

        public long LastUsed { get; set; }

        public long LastLook { get; set; }
    }
}
