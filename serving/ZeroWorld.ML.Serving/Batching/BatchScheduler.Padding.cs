namespace ZeroWorld.ML.Serving;

/// <content>Sizes that runs are brought to, and levels of priority: what most models have none of.</content>
internal sealed partial class BatchScheduler
{
    /// <summary><see cref="RunAsync"/> for a model that may have padded axes: they are padded before the request waits, so that it can share a run with others, and cut back in its answer.</summary>
    /// <param name="isTogether">Whether it is one of several: <see cref="RunTogetherAsync"/>.</param>
    /// <inheritdoc cref="RunAsync"/>
    public ValueTask<BatchOutputs> RunFittedAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, bool isTogether, CancellationToken cancellationToken) =>
        _padding is { HasAxes: true } ? RunPaddedAsync(_padding, inputs, rows, urgency, isTogether, cancellationToken)
        : isTogether ? RunTogetherAsync(inputs, rows, urgency, cancellationToken)
        : RunAsync(inputs, rows, urgency, cancellationToken);

    private async ValueTask<BatchOutputs> RunPaddedAsync(
        PaddingPlan padding, TensorBuffer[] inputs, int rows, RequestUrgency urgency, bool isTogether, CancellationToken cancellationToken)
    {
        var padded = padding.Pad(inputs, out var lengths);
        var bytes = PaddingPlan.CountBytes(inputs);
        _metrics.AddPadding(_tags, bytes, PaddingPlan.CountBytes(padded) - bytes);
        var running = isTogether ? RunTogetherAsync(padded, rows, urgency, cancellationToken) : RunAsync(padded, rows, urgency, cancellationToken);
        var outputs = await running.ConfigureAwait(false);
        return outputs with { Tensors = padding.Cut(outputs.Tensors, lengths) };
    }

    /// <summary>Runs on inputs with as many rows as the ladder says, and cuts the outputs back.</summary>
    private TensorBuffer[] RunPadded(InstanceRunner runner, TensorBuffer[] inputs, int rows)
    {
        var size = RunRows(rows);
        if (_padding!.Rows.Count > 0)
        {
            var bytes = PaddingPlan.CountBytes(inputs);
            _metrics.AddPadding(_tags, _padding.HasAxes ? 0 : bytes, rows == 0 ? 0 : bytes / rows * (size - rows));
        }

        if (size == rows)
        {
            return runner.Instance.Run(inputs);
        }

        var outputs = runner.Instance.Run(PaddingPlan.PadRows(inputs, rows, size));
        return BatchBuffers.HasRows(outputs, size)
            ? BatchBuffers.Slice(outputs, 0, rows)
            : throw new ServingException(ServingError.BackendFailed, $"The model was given {size} rows, {size - rows} of them padding, and not every output has as many.");
    }

    /// <summary>Rows of the run that a batch becomes.</summary>
    private int RunRows(int rows) => _padding is null ? rows : _padding.ChooseRows(rows);

    private InferenceTask CreateTask(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, long now)
    {
        var level = _policies.LevelOf(urgency.Priority);
        var due = _policies.LimitDue(level, urgency.Due, now, out var delayAt);
        return new InferenceTask(this, inputs, rows, new RequestUrgency(level, due), delayAt, now);
    }
}
