using ZeroWorld.ML.Features;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A loaded model version.</summary>
/// <remarks>Immutable for its readers and thread safe. Held through a <see cref="ServableLease"/>; freed when no lease is left.</remarks>
public sealed class Servable
{
    private readonly IRequestRunner _runner;

    // The runner of a model with a file of its own.
    private readonly BatchScheduler? _scheduler;
    private readonly MemoryReservation _memory;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for whoever published it, and one per lease. Never rises from 0.
    private int _references = 1;
    private readonly IReadOnlyList<string>[] _outputLabels;
    private long _lastUsedTimestamp;

    internal Servable(
        ModelName model, long version, LoadedModel loaded, PredictionPlan? prediction, IRequestRunner runner, ModelTags tags, MemoryReservation memory)
    {
        Model = model;
        Version = version;
        Package = loaded.Package;
        Signature = loaded.Sequences?.Signature ?? loaded.Instance.Signature;
        Platform = loaded.Runtime.Platform;
        RuntimeBuild = RuntimeBuilds.Describe(loaded.Runtime);
        Device = loaded.Instance.Device;
        Plan = loaded.Plan;
        Prediction = prediction;
        Tags = tags;
        RowsMax = runner.RowsMax;
        _outputLabels = [.. Signature.Outputs.Select(output => Package.Settings.Labels.GetValueOrDefault(output.Name, Manifest.Classes))];
        IsBatchable = Signature.IsBatchable;
        Arena = new InputArena(Signature.Inputs.Count);
        _runner = runner;
        _scheduler = runner as BatchScheduler;
        _memory = memory;
    }

    public ModelName Model { get; }

    public long Version { get; }

    /// <summary>Digest of its package.</summary>
    public string Digest => Package.Digest;

    public ModelPackage Package { get; }

    public ModelManifest Manifest => Package.Manifest;

    /// <summary>The tensors that the model's file declares; of a model with sequences those that requests and answers have.</summary>
    public ModelSignature Signature { get; }

    /// <summary>Whether rows of several requests may share one run.</summary>
    internal bool IsBatchable { get; }

    /// <summary>Where inputs that come from the wire are put.</summary>
    internal InputArena Arena { get; }

    /// <summary>What model metadata calls the platform.</summary>
    public string Platform { get; }

    /// <summary>Runtime, versions and platform, as the prediction log names them.</summary>
    public string RuntimeBuild { get; }

    /// <summary><c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device { get; }

    /// <summary>Rows of the largest request that it takes.</summary>
    public int RowsMax { get; }

    /// <summary>Memory that it takes on its device, as measured when it was loaded.</summary>
    public long MemoryBytes => _memory.Bytes;

    /// <summary>The compiled feature service; <see langword="null"/> for a model that is only called with tensors.</summary>
    public FeatureServicePlan? Plan { get; }

    /// <summary>How rows are made for it; <see langword="null"/> for a model that is only called with tensors.</summary>
    internal PredictionPlan? Prediction { get; }

    internal ModelTags Tags { get; }

    /// <summary>What it has done since its load.</summary>
    internal ServableStatistics Statistics => _runner.Statistics;

    /// <summary>When a request last asked for it: a timestamp of the manager's clock.</summary>
    internal long LastUsedTimestamp
    {
        get => Volatile.Read(ref _lastUsedTimestamp);
        set => Volatile.Write(ref _lastUsedTimestamp, value);
    }

    /// <summary>Requests that wait for it now.</summary>
    internal int QueuedRequests => _runner.QueuedTasks;

    /// <summary>How long its load took, warm-up included.</summary>
    internal TimeSpan LoadDuration { get; init; }

    /// <summary>Answers that are kept; <see langword="null"/>: none are.</summary>
    internal VersionCache? Cache { get; init; }

    /// <inheritdoc cref="BatchScheduler.AverageRun"/>
    internal TimeSpan AverageRun => _runner.AverageRun;

    /// <summary>What the elements of an output's rows stand for; empty where nobody said. Of an ensemble that does not say so itself, what the model says that gives the output.</summary>
    /// <param name="output">Of the signature.</param>
    /// <param name="depth">Ensembles that it is a step of.</param>
    internal IReadOnlyList<string> FindLabels(int output, int depth = 0) =>
        _outputLabels[output] is { Count: 0 } && _runner is EnsembleRunner ensemble && depth < EnsembleCall.DepthMax ? ensemble.FindLabels(output, depth) : _outputLabels[output];

    /// <summary>The model's answer, or the one that is kept of an equal request.</summary>
    /// <inheritdoc cref="BatchScheduler.RunAsync"/>
    internal ValueTask<BatchOutputs> AnswerAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken) => Cache is null
        ? RunAsync(inputs, rows, urgency, cancellationToken)
        : Cache.RunAsync(this, inputs, rows, urgency, cancellationToken);

    /// <inheritdoc cref="BatchScheduler.RunAsync"/>
    internal ValueTask<BatchOutputs> RunAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken) =>
        _scheduler is null ? _runner.RunAsync(inputs, rows, urgency, cancellationToken) : _scheduler.RunFittedAsync(inputs, rows, urgency, isTogether: false, cancellationToken);

    /// <summary><see cref="RunAsync"/> for a request that goes on in a group of reads that ended together: all rows of the group share a run at its end.</summary>
    /// <inheritdoc cref="BatchScheduler.RunAsync"/>
    internal ValueTask<BatchOutputs> RunInGroupAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken) =>
        _scheduler is null ? _runner.RunAsync(inputs, rows, urgency, cancellationToken) : _scheduler.RunFittedAsync(inputs, rows, urgency, OnlineReadGroup.TryDefer(_scheduler), cancellationToken);

    /// <returns><see langword="null"/> when it is being freed.</returns>
    internal ServableLease? TryAcquire() => TryHold() ? new ServableLease(this) : null;

    /// <summary>Holds it until <see cref="Release"/>.</summary>
    /// <returns><see langword="false"/> when it is being freed.</returns>
    internal bool TryHold()
    {
        var references = Volatile.Read(ref _references);
        while (references > 0)
        {
            var seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _released.TrySetResult();
        }
    }

    /// <summary>Gives up the publisher's hold, waits until no lease is left, and frees model and memory. Called once.</summary>
    internal async Task UnloadAsync()
    {
        Release();
        await _released.Task.ConfigureAwait(false);
        Cache?.Clear();
        await _runner.DisposeAsync().ConfigureAwait(false);
        _memory.Dispose();
    }
}
