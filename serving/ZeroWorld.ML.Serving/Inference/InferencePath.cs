using System.Diagnostics;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Runs a model on tensors that the caller gives: ModelInfer, ModelMetadata and ModelReady of the Open Inference Protocol.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class InferencePath
{
    private readonly ServableManager _servables;
    private readonly ServingMetrics _metrics;
    private readonly RequestTraces _traces;
    private readonly TimeProvider _time;

    internal InferencePath(ServableManager servables, ServingMetrics metrics, RequestTraces traces, TimeProvider time)
    {
        _servables = servables;
        _metrics = metrics;
        _traces = traces;
        _time = time;
    }

    /// <exception cref="ServingException">Any but those of predictions; the message is meant for the caller.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed, before the model ran.</exception>
    public async ValueTask<InferenceResult> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var started = Stopwatch.GetTimestamp();
        var received = request.Received == 0 ? started : request.Received;
        var tags = ModelTags.None;
        ServableStatistics? statistics = null;
        RequestTrace? trace = null;
        using var deadline = RequestDeadline.Start(request.Timeout, _time, cancellationToken);
        try
        {
            var model = ToName(request.ModelName);
            trace = _traces.Start(RequestKind.Infer, model, received);
            using var lease = await _servables.AcquireAsync(model, VersionSelector.Parse(request.ModelVersion), deadline.Token).ConfigureAwait(false);
            var servable = lease.Servable;
            tags = servable.Tags;
            statistics = servable.Statistics;

            var acquired = Stopwatch.GetTimestamp();
            var inputs = InferenceInputs.Read(request.ModelName, servable.Signature, request.Inputs, servable.RowsMax, out var rows);
            var wanted = ChooseOutputs(request, servable.Signature);
            var decode = started - received + (Stopwatch.GetTimestamp() - acquired);
            trace?.Describe(servable.Version, rows);
            var running = servable.AnswerAsync(inputs, rows, RequestUrgency.Of(request.Priority, request.Deadline, request.Timeout, _time) with { Sequence = request.Sequence, Wanted = wanted }, deadline.Token);

            // What runs cannot be stopped, but nobody need wait for it beyond the time that the request has.
            var run = request.Timeout is null || running.IsCompleted
                ? await running.ConfigureAwait(false)
                : await running.AsTask().WaitAsync(deadline.Token).ConfigureAwait(false);
            var outputs = run.Tensors;

            var named = new InferenceOutput[wanted.Length];
            for (var index = 0; index < named.Length; index++)
            {
                named[index] = new InferenceOutput(servable.Signature.Outputs[wanted[index]].Name, outputs[wanted[index]], servable.FindLabels(wanted[index]));
            }

            statistics.RecordSuccess(rows, started, run.Times);
            return new InferenceResult(servable.Model, servable.Version, named)
            {
                HasRowAxis = servable.Signature.IsBatchable,
                Answered = new AnsweredRequest(statistics.Inferences, new StageTimes(decode, 0, run.Times, run.IsCached), trace, received),
            };
        }
        catch (OperationCanceledException exception) when (deadline.IsOver)
        {
            var late = new ServingException(ServingError.DeadlineExceeded, $"Request timeout expired: {request.Timeout!.Value.TotalMicroseconds:0} us", exception);
            Fail(late);
            throw late;
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        void Fail(Exception exception)
        {
            _metrics.AddRefusal(tags, RequestKind.Infer, exception);
            statistics?.RecordFailure(started, ServableStatistics.ReasonOf(exception));
            trace?.Fail(exception);
        }
    }

    /// <summary>Begins a call of a model that is loaded, whose inputs come piece by piece.</summary>
    /// <param name="modelName"><c>MODEL</c> in the project <c>default</c>, or <c>PROJECT/MODEL</c>.</param>
    /// <param name="modelVersion">Empty, digits or an alias.</param>
    /// <param name="received">Timestamp of <see cref="Stopwatch"/> when its message was given to the decoder.</param>
    /// <returns><see langword="null"/> when there is none, or it is not loaded: <see cref="InferAsync"/> loads it, or says what is wrong.</returns>
    public InferenceDraft? TryBegin(string modelName, string modelVersion, long received) =>
        ModelName.TryParse(modelName, out var model) && _servables.TryAcquire(model, VersionSelector.Parse(modelVersion)) is { } servable
            ? new InferenceDraft(this, servable, received)
            : null;

    internal RequestUrgency ToUrgency(DateTimeOffset? deadline) => RequestUrgency.Of(0, deadline, null, _time);

    internal RequestTrace? StartTrace(Servable servable, long received) => _traces.Start(RequestKind.Infer, servable.Model, received);

    internal void Fail(Servable servable, long started, RequestTrace? trace, Exception exception)
    {
        _metrics.AddRefusal(servable.Tags, RequestKind.Infer, exception);
        servable.Statistics.RecordFailure(started, ServableStatistics.ReasonOf(exception));
        trace?.Fail(exception);
    }

    /// <summary>Loads the version when it loads on request.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelNotFound"/>, <see cref="ServingError.ModelNotReady"/>, <see cref="ServingError.ModelRefused"/>.</exception>
    public async ValueTask<ModelMetadata> GetMetadataAsync(string modelName, string modelVersion, CancellationToken cancellationToken)
    {
        var model = ToName(modelName);
        using var lease = await _servables.AcquireAsync(model, VersionSelector.Parse(modelVersion), cancellationToken).ConfigureAwait(false);
        var servable = lease.Servable;
        return new ModelMetadata(model, servable.Version, _servables.GetModel(model).Order, servable.Platform, servable.Signature);
    }

    /// <summary>Whether the model version answers now; <see langword="false"/> also when there is none. Loads nothing.</summary>
    public bool IsReady(string modelName, string modelVersion) =>
        ModelName.TryParse(modelName, out var model) && _servables.IsModelReady(model, VersionSelector.Parse(modelVersion));

    /// <summary>Indexes of the wanted outputs in the signature, in the wanted order.</summary>
    private static int[] ChooseOutputs(InferenceRequest request, ModelSignature signature)
    {
        if (request.Outputs.Count == 0)
        {
            var all = new int[signature.Outputs.Count];
            for (var index = 0; index < all.Length; index++)
            {
                all[index] = index;
            }

            return all;
        }

        var chosen = new int[request.Outputs.Count];
        for (var index = 0; index < chosen.Length; index++)
        {
            chosen[index] = InferenceInputs.IndexOf(signature.Outputs, request.Outputs[index]);
            if (chosen[index] < 0)
            {
                throw Invalid($"unexpected inference output '{request.Outputs[index]}' for model '{request.ModelName}'");
            }

            if (Array.IndexOf(chosen, chosen[index], 0, index) >= 0)
            {
                throw Invalid($"output '{request.Outputs[index]}' already exists in request for model '{request.ModelName}'");
            }
        }

        return chosen;
    }

    internal static ModelName ToName(string text) => ModelName.TryParse(text, out var model)
        ? model
        : throw new ServingException(ServingError.ModelNotFound, $"Request for unknown model: '{text}' is not found");

    private static ServingException Invalid(string message) => new(ServingError.InvalidInput, message);
}
