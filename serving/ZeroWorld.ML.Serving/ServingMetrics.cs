using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Serving;

/// <summary>The instruments of serving that are recorded per run, per load and per failure. What is recorded per request is in <see cref="StageHistograms"/>.</summary>
internal sealed class ServingMetrics : IDisposable
{
    public const string MeterName = "ZeroWorld.ML.Serving";

    // Seconds, from 50 us to 10 s: requests of a CPU model start well below a millisecond.
    private static readonly InstrumentAdvice<double> DurationAdvice = new()
    {
        HistogramBucketBoundaries =
            [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    };

    private static readonly InstrumentAdvice<long> RowsAdvice = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    };

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _backendDuration;
    private readonly Histogram<long> _batchSize;
    private readonly Counter<long> _unpadded;
    private readonly Counter<long> _padding;

    // Read when somebody looks: a request pays nothing for it.
    private readonly ConcurrentDictionary<BatchScheduler, ModelTags> _queues = new();
    private readonly ConcurrentDictionary<SequenceRunner, ModelTags> _sequences = new();
    private readonly Counter<long> _refusals;
    private readonly Histogram<double> _loadDuration;
    private readonly UpDownCounter<long> _modelMemory;

    // Also read when somebody looks, so that they are there from the start: an alert on rows that are dropped needs the 0 before them.
    private long _logged;
    private long _dropped;

    public ServingMetrics()
    {
        _backendDuration = Duration("zeroworld.serving.backend.duration", "The run of the model that served the request.");
        _loadDuration = Duration("zeroworld.serving.load.duration", "Loading a model version, warm-up included.");
        _batchSize = _meter.CreateHistogram("zeroworld.serving.batch.size", "{row}", "Rows in one run of a model.", null, RowsAdvice);
        _unpadded = _meter.CreateCounter<long>("zeroworld.serving.batch.unpadded", "By", "Bytes of input that requests of models with padding brought.");
        _padding = _meter.CreateCounter<long>("zeroworld.serving.batch.padding", "By", "Bytes of input that runs were given beyond those of their requests, to bring them to a size that the model is prepared for.");
        _meter.CreateObservableUpDownCounter(
            "zeroworld.serving.queue.length",
            () => _queues.Select(static queue => new Measurement<long>(queue.Key.QueuedTasks, queue.Value.Values)),
            "{request}",
            "Requests waiting for a model.");
        _meter.CreateObservableUpDownCounter(
            "zeroworld.serving.sequences",
            () => _sequences.SelectMany(static runner => new Measurement<long>[]
            {
                new(runner.Key.Active, runner.Value.With("sequence.state", "active")), new(runner.Key.Backlog, runner.Value.With("sequence.state", "waiting")),
            }),
            "{sequence}",
            "Sequences of requests: under way, and waiting for one of those to end.");
        _modelMemory = _meter.CreateUpDownCounter<long>("zeroworld.serving.model.memory", "By", "Memory that a loaded model version takes, as measured when it was loaded.");
        _refusals = _meter.CreateCounter<long>("zeroworld.serving.refusal", "{request}", "Requests that were not answered, by reason.");
        _meter.CreateObservableCounter("zeroworld.serving.prediction_log.written", () => Volatile.Read(ref _logged), "{row}", "Rows written to the prediction log.");
        _meter.CreateObservableCounter("zeroworld.serving.prediction_log.dropped", () => Volatile.Read(ref _dropped), "{row}", "Rows that the prediction log could not take.");
    }

    public void RecordRun(in ModelTags tags, TimeSpan elapsed, int rows)
    {
        _backendDuration.Record(elapsed.TotalSeconds, tags.Values);
        _batchSize.Record(rows, tags.Values);
    }

    /// <summary>Counts what runs of a model with padding were given.</summary>
    /// <param name="bytes">Bytes of its requests.</param>
    /// <param name="padding">Bytes beyond them.</param>
    public void AddPadding(in ModelTags tags, long bytes, long padding)
    {
        _unpadded.Add(bytes, tags.Values);
        _padding.Add(padding, tags.Values);
    }

    public void RecordLoad(in ModelTags tags, TimeSpan elapsed, bool succeeded) =>
        _loadDuration.Record(elapsed.TotalSeconds, tags.With("error.type", succeeded ? null : "load_failed"));

    public void AddModelMemory(in ModelTags tags, long bytes) => _modelMemory.Add(bytes, tags.Values);

    public void AddQueue(BatchScheduler scheduler, in ModelTags tags) => _queues[scheduler] = tags;

    public void AddSequences(SequenceRunner runner, in ModelTags tags) => _sequences[runner] = tags;

    public void RemoveSequences(SequenceRunner runner) => _sequences.TryRemove(runner, out _);

    /// <summary>Shows what a cache holds.</summary>
    public void Add(ResponseCache cache)
    {
        _meter.CreateObservableUpDownCounter("zeroworld.serving.response_cache.memory", () => cache.Bytes, "By", "Answers that are kept for equal requests.");
        _meter.CreateObservableUpDownCounter("zeroworld.serving.response_cache.answers", () => cache.Count, "{answer}", "How many answers are kept.");
    }

    public void RemoveQueue(BatchScheduler scheduler) => _queues.TryRemove(scheduler, out _);

    /// <summary>Counts a request that ended in an error. Only names that the catalog knows become tags: those of a request are not bounded.</summary>
    public void AddRefusal(in ModelTags tags, RequestKind kind, Exception exception)
    {
        var reason = exception switch
        {
            ServingException serving => ToReason(serving.Error),
            OperationCanceledException => "cancelled",
            _ => "internal",
        };
        _refusals.Add(1, tags.With("request.kind", kind.ToTag(), "error.type", reason));
    }

    public void AddLogged(long rows) => Interlocked.Add(ref _logged, rows);

    public void AddDropped(long rows) => Interlocked.Add(ref _dropped, rows);

    public void Dispose() => _meter.Dispose();

    internal static string ToReason(ServingError error) => error switch
    {
        ServingError.InvalidInput => "invalid_input",
        ServingError.ModelNotFound => "model_not_found",
        ServingError.ModelNotReady => "model_not_ready",
        ServingError.ModelRefused => "model_refused",
        ServingError.CorruptPackage => "corrupt_package",
        ServingError.Overloaded => "overloaded",
        ServingError.DeadlineExceeded => "deadline_exceeded",
        ServingError.Cancelled => "cancelled",
        ServingError.BackendFailed => "backend_failed",
        ServingError.RequiredFeatureMissing => "required_feature_missing",
        ServingError.Unsupported => "unsupported",
        ServingError.PredictionNotFound => "prediction_not_found",
        ServingError.PredictionErased => "prediction_erased",
        _ => "internal",
    };

    private Histogram<double> Duration(string name, string description) => _meter.CreateHistogram(name, "s", description, null, DurationAdvice);
}
