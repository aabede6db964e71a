using Grpc.Core;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>Joins the rows of concurrent calls of one model into fewer calls: for callers with a row at a time and a network that costs more than the model.</summary>
/// <remarks>
/// Only for models whose first axis counts rows on every input and output. Calls are joined when their tensors agree in all but their rows. A joined call that the server refuses or fails is
/// made again caller by caller, so that a bad request fails alone. Thread safe.
/// </remarks>
public sealed class InferenceBatcher : IDisposable
{
    private readonly ZeroWorldClient _client;
    private readonly InferenceBatcherOptions _options;
    private readonly string _model;
    private readonly string _version;
    private readonly ITimer _timer;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<BatchedCall> _waiting = new();
    private int _inFlight;
    private int _alive;
    private bool _isDisposed;

    /// <param name="client">Makes the calls; stays its owner's.</param>
    /// <param name="model">As <see cref="InferenceQuery.Model"/>.</param>
    /// <param name="options">Defaults where <see langword="null"/>.</param>
    /// <param name="version">As <see cref="InferenceQuery.Version"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public InferenceBatcher(ZeroWorldClient client, string model, InferenceBatcherOptions? options = null, string version = "")
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(model);
        _client = client;
        _model = model;
        _version = version;
        _options = options ?? new InferenceBatcherOptions();
        _options.Check();
        _time = client.TimeProvider;
        _timer = _time.CreateTimer(static state => ((InferenceBatcher)state!).OnDelay(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="inputs">All inputs of the model, each with the same number of rows on its first axis. Their bytes must not change until the call has ended.</param>
    /// <returns>All outputs: the rows of this call.</returns>
    /// <exception cref="RpcException">As <see cref="ZeroWorldClient"/> says; RESOURCE_EXHAUSTED also when too many calls wait here.</exception>
    /// <exception cref="ArgumentException">An input has no rows, or another number of them.</exception>
    /// <exception cref="TensorFormatException">The model gives outputs whose first axis does not count rows.</exception>
    public Task<IReadOnlyList<WireTensor>> InferAsync(IReadOnlyList<WireTensor> inputs, CancellationToken cancellationToken = default)
    {
        var call = new BatchedCall(inputs);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_alive >= _options.WaitingMax)
            {
                throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{_options.WaitingMax} calls wait in this process for model '{_model}', which is as many as may."));
            }

            _alive++;
            _waiting.Enqueue(call);
        }

        call.Register(this, cancellationToken);
        Send(hasWaited: _options.Delay == TimeSpan.Zero);
        return call.Completion.Task;
    }

    /// <summary>Refuses what still waits.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            while (_waiting.TryDequeue(out var call))
            {
                call.Completion.TrySetException(new ObjectDisposedException(nameof(InferenceBatcher)));
            }
        }

        _timer.Dispose();
    }

    /// <summary>A call waits no more: it was answered, or its caller went away.</summary>
    internal void OnEnded()
    {
        lock (_lock)
        {
            _alive--;
        }
    }

    private void OnDelay() => Send(hasWaited: true);

    /// <summary>Sends what is full, and what has waited its time.</summary>
    private void Send(bool hasWaited)
    {
        while (true)
        {
            List<BatchedCall> batch;
            lock (_lock)
            {
                while (_waiting.TryPeek(out var gone) && gone.Completion.Task.IsCompleted)
                {
                    _waiting.Dequeue();
                }

                if (_waiting.Count == 0 || _inFlight >= _options.CallsInFlightMax)
                {
                    return;
                }

                if (!hasWaited && _waiting.Sum(static call => call.Rows) < _options.RowsMax)
                {
                    _timer.Change(_options.Delay, Timeout.InfiniteTimeSpan);
                    return;
                }

                batch = Take_NeedsLock();
                _inFlight++;
            }

            _ = SendAsync(batch);
        }
    }

    private List<BatchedCall> Take_NeedsLock()
    {
        var batch = new List<BatchedCall> { _waiting.Dequeue() };
        var rows = batch[0].Rows;
        while (_waiting.TryPeek(out var call) && (call.Completion.Task.IsCompleted || (call.CanJoin(batch[0]) && rows + call.Rows <= _options.RowsMax)))
        {
            _waiting.Dequeue();
            if (!call.Completion.Task.IsCompleted)
            {
                rows += call.Rows;
                batch.Add(call);
            }
        }

        return batch;
    }

    private async Task SendAsync(List<BatchedCall> batch)
    {
        try
        {
            if (batch.Count > 1 && await TryTogetherAsync(batch).ConfigureAwait(false))
            {
                return;
            }

            await Task.WhenAll(batch.Select(AloneAsync)).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _inFlight--;
            }

            Send(hasWaited: true);
        }
    }

    /// <returns><see langword="false"/>: each is to be tried alone.</returns>
    private async Task<bool> TryTogetherAsync(List<BatchedCall> batch)
    {
        try
        {
            var outputs = await _client.InferAsync(_model, BatchedCall.Join(batch), _version).ConfigureAwait(false);
            return BatchedCall.TryPart(batch, outputs);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.InvalidArgument or StatusCode.Internal or StatusCode.Unknown)
        {
            return false;
        }
#pragma warning disable CA1031 // The edge of a joined call: whatever ends it ends it for all its callers.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            batch.ForEach(call => call.Completion.TrySetException(exception));
            return true;
        }
    }

    private async Task AloneAsync(BatchedCall call)
    {
        try
        {
            call.Completion.TrySetResult(await _client.InferAsync(_model, call.Inputs, _version, null, call.CancellationToken).ConfigureAwait(false));
        }
#pragma warning disable CA1031 // Likewise.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            call.Completion.TrySetException(exception);
        }
    }
}
