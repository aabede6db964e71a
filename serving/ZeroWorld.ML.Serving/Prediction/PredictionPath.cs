using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Predicts by entity: reads the features of the entities, makes the model's rows, runs the model and decides.</summary>
/// <remarks>
/// The rows of one request are one task of the model's batch scheduler; they are queued when they are complete, so that a slow feature read delays its own request only.
/// Features that do not arrive within <see cref="PredictionOptions.FeatureTimeout"/> (or within what the deadline leaves beside the model's own time) are UNAVAILABLE,
/// and their declared defaults are used.
/// <para>Thread safe.</para>
/// </remarks>
public sealed class PredictionPath
{
    private readonly ServableManager _servables;
    private readonly FeatureStage _features;
    private readonly PredictionLog _log;
    private readonly PredictionOptions _options;
    private readonly int _rowsMax;
    private readonly ServingMetrics _metrics;
    private readonly RequestTraces _traces;
    private readonly TimeProvider _time;

    internal PredictionPath(
        ServableManager servables, FeatureStage features, PredictionLog log, PredictionPathOptions options, ServingMetrics metrics, RequestTraces traces, TimeProvider time)
    {
        _traces = traces;
        _servables = servables;
        _features = features;
        _log = log;
        _options = options.Prediction;
        _rowsMax = Math.Min(options.Prediction.RowsMax, options.Batching.BatchRowsMax);
        _metrics = metrics;
        _time = time;
    }

    /// <exception cref="ServingException">Any; the message is meant for the caller.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed, before the model ran.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<PredictionResult> PredictAsync(PredictionRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var started = Stopwatch.GetTimestamp();
        var begun = request.Received == 0 ? started : request.Received;
        var tags = ModelTags.None;
        ServableStatistics? statistics = null;
        RequestTrace? trace = null;
        try
        {
            var model = ToName(request);
            trace = _traces.Start(RequestKind.Predict, model, begun);
            using var lease = await _servables.AcquireAsync(model, request.Selector, cancellationToken).ConfigureAwait(false);
            var servable = lease.Servable;
            tags = servable.Tags;
            statistics = servable.Statistics;
            var plan = servable.Prediction
                ?? throw new ServingException(
                    ServingError.InvalidInput, $"Model '{servable.Model.Name}' version {servable.Version} reads no feature service; call it with tensors (ModelInfer).");
            var received = _time.GetUtcNow();
            var acquired = Stopwatch.GetTimestamp();
            var bound = RequestBinder.Bind(plan, request, _rowsMax, UnixMicroseconds.FromDateTimeOffset(received));

            var featuresStarted = Stopwatch.GetTimestamp();
            var decode = started - begun + (featuresStarted - acquired);
            trace?.Describe(servable.Version, bound.Rows);
            var timeout = ChooseFeatureTimeout(request, servable, received);
            if (!await _features.StartAsync(plan, bound, timeout, out var reads, cancellationToken).ConfigureAwait(false))
            {
                throw FeatureStage.Refuse();
            }

            // Theirs who look at the answer, until all have; whatever fails before leaves them to the collector.
            var cells = ArrayPool<FeatureCell>.Shared.Rent(bound.Rows * plan.Service.Service.Columns.Count);
            FeatureStage.Build(plan, bound, reads, cells.AsSpan(0, bound.Rows * plan.Service.Service.Columns.Count));
            var rows = ModelRows.Of(plan, cells, bound.Rows);
            var features = Stopwatch.GetTimestamp() - featuresStarted;
            if (rows.Rows.Length == 0)
            {
                throw new ServingException(rows.Errors[0].Error, $"No row can be scored. Row 0: {rows.Errors[0].Message}");
            }

            var outputs = await servable.RunInGroupAsync(
                rows.ToTensors(plan), rows.Rows.Length, RequestUrgency.Of(0, request.Deadline, null, _time), cancellationToken).ConfigureAwait(false);
            var result = Answer(servable, plan, bound, cells, rows, outputs.Tensors, received);
            _log.Add(new PredictionLogEntry(servable, plan, bound, rows, outputs, result, received, Stopwatch.GetElapsedTime(started)));
            statistics.RecordSuccess(rows.Rows.Length, started, outputs.Times);
            result.Answered = new AnsweredRequest(statistics.Predictions, new StageTimes(decode, features, outputs.Times), trace, begun);
            return result;
        }
        catch (Exception exception)
        {
            _metrics.AddRefusal(tags, RequestKind.Predict, exception);
            statistics?.RecordFailure(started, ServableStatistics.ReasonOf(exception));
            trace?.Fail(exception);
            throw;
        }
    }

    private static ModelName ToName(PredictionRequest request)
    {
        try
        {
            return new ModelName(request.Project.Length == 0 ? ModelName.DefaultProject : request.Project, request.Model);
        }
        catch (RegistryException exception)
        {
            throw new ServingException(ServingError.InvalidInput, exception.Message, exception);
        }
    }

    private TimeSpan ChooseFeatureTimeout(PredictionRequest request, Servable servable, DateTimeOffset now)
    {
        if (request.Deadline is not { } deadline)
        {
            return _options.FeatureTimeout;
        }

        var left = deadline - now;
        if (left <= TimeSpan.Zero)
        {
            throw new ServingException(ServingError.DeadlineExceeded, "The deadline of the request has passed.");
        }

        // The model needs a run that may be in progress, and its own.
        var slack = left - (2 * servable.AverageRun);
        return slack <= TimeSpan.Zero ? TimeSpan.Zero : slack < _options.FeatureTimeout ? slack : _options.FeatureTimeout;
    }

    /// <param name="cells">Rented; it may be longer than the rows.</param>
    private static PredictionResult Answer(
        Servable servable, PredictionPlan plan, BoundRequest bound, FeatureCell[] cells, ModelRows rows, TensorBuffer[] outputs, DateTimeOffset received)
    {
        if (!BatchBuffers.HasRows(outputs, rows.Rows.Length))
        {
            throw new ServingException(
                ServingError.BackendFailed, $"Model '{servable.Model.Name}' version {servable.Version} did not give one output row per input row.");
        }

        var named = new PredictionOutput[plan.Outputs.Length];
        for (var index = 0; index < named.Length; index++)
        {
            var (name, position) = plan.Outputs[index];
            named[index] = new PredictionOutput(name, RowScatter.ToAllRows(outputs[position], rows.Rows, bound.Rows));
        }

        var errors = rows.Errors;
        var decisions = Decide(plan, named, rows.Rows, bound.Rows, ref errors);
        return new PredictionResult
        {
            PredictionId = PredictionId.New(received),
            Model = servable.Model,
            Version = servable.Version,
            Rows = bound.Rows,
            Outputs = named,
            Decisions = decisions,
            FeatureColumns = plan.Service.Service.Columns,
            FeatureCells = cells.AsMemory(0, bound.Rows * plan.Service.Service.Columns.Count),
            RentedCells = cells,
            Times = bound.GetTimes(),
            RowErrors = errors,
        };
    }

    private static string[] Decide(PredictionPlan plan, PredictionOutput[] outputs, int[] scored, int rows, ref IReadOnlyList<RowError> errors)
    {
        if (plan.DecidingOutput < 0)
        {
            return [];
        }

        var (name, tensor) = outputs[plan.DecidingOutput];
        var perRow = tensor.ElementCount / rows;
        var decisions = new string[rows];
        Array.Fill(decisions, "");
        foreach (var row in scored)
        {
            var score = TensorElements.ToDouble(tensor, row * perRow);
            if (plan.Decide(score) is { } decision)
            {
                decisions[row] = decision;
            }
            else
            {
                errors = [.. errors.Append(new RowError(row, ServingError.BackendFailed, $"The model's output '{name}' is NaN, which no threshold decides.")).OrderBy(static error => error.Row)];
            }
        }

        return decisions;
    }
}
