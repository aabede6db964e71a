using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Answers the requests of a model with sequences: those of one sequence one after another, each with what the one before left; those of several share runs.</summary>
/// <remarks>
/// What a sequence keeps lies here and not in the model, so any instance runs any request. As many sequences are under way as the settings say; others wait until one of them ends: by its
/// last request, or because it had none for as long as it may be idle. A sequence of which a request was not run (refused, cancelled, its time over) is over, since what it kept would be
/// wrong from there on: its requests behind are refused up to the next first one. Where the model failed on a request, what was kept stays as it was.
/// <para>Thread safe. Owns the scheduler.</para>
/// </remarks>
internal sealed class SequenceRunner : IRequestRunner
{
    private const int IdBytesMax = 128;
    private readonly ModelName _model;
    private readonly SequenceTensors _tensors;
    private readonly BatchScheduler _scheduler;
    private readonly ServingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan _idleMax;
    private readonly int _seatsMax;
    private readonly ITimer _timer;

    private readonly Lock _lock = new();

    // Sequences that take further requests.
    private readonly Dictionary<SequenceId, LiveSequence> _open = [];

    // Sequences that wait for a seat, the first of them first.
    private readonly LinkedList<LiveSequence> _backlog = new();

    // Sequences with a seat and without a request, the one that is idle the longest first.
    private readonly LinkedList<LiveSequence> _idle = new();
    private int _seats;
    private int _waiting;

    /// <param name="seatsMax">Sequences that may be under way.</param>
    public SequenceRunner(ModelName model, SequenceTensors tensors, SequenceSettings settings, int seatsMax, BatchScheduler scheduler, ServingMetrics metrics, in ModelTags tags, TimeProvider time)
    {
        (_model, _tensors, _scheduler, _metrics, _time) = (model, tensors, scheduler, metrics, time);
        _idleMax = settings.IdleMax;
        _seatsMax = seatsMax;
        _timer = time.CreateTimer(static state => ((SequenceRunner)state!).EndIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        metrics.AddSequences(this, tags);
    }

    public int RowsMax => _scheduler.RowsMax;

    public ServableStatistics Statistics => _scheduler.Statistics;

    public TimeSpan AverageRun => _scheduler.AverageRun;

    public int QueuedTasks => _scheduler.QueuedTasks + Volatile.Read(ref _waiting);

    /// <summary>Sequences under way.</summary>
    public int Active => Volatile.Read(ref _seats);

    /// <summary>Sequences that wait for one of those to end.</summary>
    public int Backlog
    {
        get
        {
            lock (_lock)
            {
                return _backlog.Count;
            }
        }
    }

    /// <inheritdoc cref="BatchScheduler.RunAsync"/>
    /// <exception cref="ServingException">Also <see cref="ServingError.InvalidInput"/>: it belongs to no sequence, or to one that has not begun or is over.</exception>
    public ValueTask<BatchOutputs> RunAsync(TensorBuffer[] inputs, int rows, in RequestUrgency urgency, CancellationToken cancellationToken)
    {
        var position = urgency.Sequence;
        Check(position.Id, rows);
        var request = new SequenceRequest(inputs, position);
        LiveSequence sequence;
        bool waits;
        lock (_lock)
        {
            sequence = Find_NeedsLock(position);
            waits = !sequence.IsSeated || sequence.IsBusy;
            if (waits)
            {
                Wait_NeedsLock(sequence, request);
            }
            else
            {
                sequence.Place.List?.Remove(sequence.Place);
                sequence.IsBusy = true;
            }

            if (position.IsEnd)
            {
                Close_NeedsLock(sequence);
            }
        }

        return waits ? WaitAndRunAsync(sequence, request, urgency, cancellationToken) : RunAsync(sequence, request, urgency, 0, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _metrics.RemoveSequences(this);
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _scheduler.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<BatchOutputs> WaitAndRunAsync(LiveSequence sequence, SequenceRequest request, RequestUrgency urgency, CancellationToken cancellationToken)
    {
        var entered = _time.GetTimestamp();
        using var due = StartDue(urgency.Due, entered);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, due?.Token ?? default);
        try
        {
            await request.Turn.Task.WaitAsync(ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                GiveUp_NeedsLock(sequence, request, cancellationToken.IsCancellationRequested);
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw new ServingException(ServingError.DeadlineExceeded, "Request timeout expired: its turn did not come in time.");
        }

        return await RunAsync(sequence, request, urgency, _time.GetTimestamp() - entered, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a request whose turn it is, and has the next one run.</summary>
    private async ValueTask<BatchOutputs> RunAsync(LiveSequence sequence, SequenceRequest request, RequestUrgency urgency, long waited, CancellationToken cancellationToken)
    {
        BatchOutputs answer;
        TensorBuffer[] states;
        try
        {
            var kept = request.Position.IsStart ? _tensors.InitialStates : sequence.States;
            answer = await _scheduler.RunAsync(_tensors.ToModel(request.Inputs, request.Position, kept), 1, urgency, cancellationToken).ConfigureAwait(false);
            states = _tensors.KeepStates(answer.Tensors);
        }
        catch (ServingException exception) when (exception.Error == ServingError.BackendFailed && !request.Position.IsStart)
        {
            lock (_lock)
            {
                Next_NeedsLock(sequence);
            }

            throw;
        }
        catch (Exception exception)
        {
            lock (_lock)
            {
                Break_NeedsLock(sequence, sequence.Requests.First, exception is OperationCanceledException);
                Next_NeedsLock(sequence);
            }

            throw;
        }

        lock (_lock)
        {
            sequence.States = states;
            Next_NeedsLock(sequence);
        }

        return answer with { Tensors = _tensors.ToAnswer(answer.Tensors), Times = answer.Times with { Queue = answer.Times.Queue + waited } };
    }

    private void Check(in SequenceId id, int rows)
    {
        if (id.IsNone)
        {
            throw Invalid($"inference request to model '{_model.Name}' must specify a non-zero or non-empty correlation ID");
        }

        if (rows != 1)
        {
            throw Invalid($"inference request to model '{_model.Name}' must specify batch-size 1 due to requirements of sequence batcher, got {rows}");
        }

        if (Encoding.UTF8.GetByteCount(id.Text) > IdBytesMax)
        {
            throw Invalid($"the sequence_id of a request to model '{_model.Name}' has more than {IdBytesMax} bytes");
        }

        _tensors.CheckId(id);
    }

    private LiveSequence Find_NeedsLock(in SequencePlace position)
    {
        if (_open.TryGetValue(position.Id, out var sequence))
        {
            return sequence;
        }

        if (!position.IsStart)
        {
            throw Invalid($"inference request for sequence {position.Id} to model '{_model.Name}' must specify the START flag on the first request of the sequence");
        }

        sequence = new LiveSequence(position.Id, _tensors.InitialStates);
        if (_seats < _seatsMax)
        {
            _seats++;
            sequence.IsSeated = true;
        }
        else if (_waiting < _scheduler.QueueRowsMax)
        {
            _backlog.AddLast(sequence.Place);
        }
        else
        {
            throw Full();
        }

        _open.Add(position.Id, sequence);
        return sequence;
    }

    private void Wait_NeedsLock(LiveSequence sequence, SequenceRequest request)
    {
        if (_waiting >= _scheduler.QueueRowsMax)
        {
            // What comes behind it would go on without it.
            Close_NeedsLock(sequence);
            throw Full();
        }

        _waiting++;
        sequence.Requests.AddLast(request.Place);
    }

    private void GiveUp_NeedsLock(LiveSequence sequence, SequenceRequest request, bool isCancelled)
    {
        if (request.Place.List is null)
        {
            // Just now its turn came, or one before it gave up.
            if (request.Turn.Task.IsCompletedSuccessfully)
            {
                Break_NeedsLock(sequence, sequence.Requests.First, isCancelled);
                Next_NeedsLock(sequence);
            }

            return;
        }

        var behind = request.Place.Next;
        Leave_NeedsLock(sequence, request.Place);
        Break_NeedsLock(sequence, behind, isCancelled);
        if (sequence is { IsSeated: false, Requests.Count: 0 })
        {
            Close_NeedsLock(sequence);
            _backlog.Remove(sequence.Place);
        }
    }

    /// <summary>Refuses requests up to the next first one; without one the sequence is over.</summary>
    /// <param name="isCancelled">Whether the request that was not run was cancelled: those that wait behind it are then cancelled, too, as in Triton.</param>
    private void Break_NeedsLock(LiveSequence sequence, LinkedListNode<SequenceRequest>? from, bool isCancelled)
    {
        var (error, what) = isCancelled ? (ServingError.Cancelled, "cancelled") : (ServingError.InvalidInput, "not run");
        while (from is { Value.Position.IsStart: false })
        {
            var next = from.Next;
            Leave_NeedsLock(sequence, from);
            from.Value.Turn.TrySetException(new ServingException(error, $"the sequence {sequence.Id} of model '{_model.Name}' is over: a request of it before this one was {what}"));
            from = next;
        }

        if (from is null)
        {
            Close_NeedsLock(sequence);
        }
    }

    private void Leave_NeedsLock(LiveSequence sequence, LinkedListNode<SequenceRequest> request)
    {
        sequence.Requests.Remove(request);
        _waiting--;
    }

    /// <summary>A seated sequence has no request that runs: its next one has its turn, or it is idle, or its seat is free.</summary>
    private void Next_NeedsLock(LiveSequence sequence)
    {
        sequence.IsBusy = sequence.Requests.First is not null;
        if (sequence.Requests.First is { } next)
        {
            Leave_NeedsLock(sequence, next);
            next.Value.Turn.TrySetResult();
        }
        else if (sequence.IsClosed)
        {
            Free_NeedsLock();
        }
        else
        {
            sequence.IdleSince = _time.GetTimestamp();
            _idle.AddLast(sequence.Place);
            if (_idle.Count == 1)
            {
                _timer.Change(_idleMax, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Close_NeedsLock(LiveSequence sequence)
    {
        sequence.IsClosed = true;
        if (_open.TryGetValue(sequence.Id, out var open) && open == sequence)
        {
            _open.Remove(sequence.Id);
        }
    }

    private void Free_NeedsLock()
    {
        if (_backlog.First is not { } next)
        {
            _seats--;
            return;
        }

        _backlog.Remove(next);
        next.Value.IsSeated = true;
        Next_NeedsLock(next.Value);
    }

    private void EndIdle()
    {
        lock (_lock)
        {
            var left = Timeout.InfiniteTimeSpan;
            while (_idle.First is { } first)
            {
                left = _idleMax - _time.GetElapsedTime(first.Value.IdleSince);
                if (left > TimeSpan.Zero)
                {
                    break;
                }

                left = Timeout.InfiniteTimeSpan;
                _idle.Remove(first);
                Close_NeedsLock(first.Value);
                Free_NeedsLock();
            }

            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }
    }

    private CancellationTokenSource? StartDue(long due, long now)
    {
        if (due == 0)
        {
            return null;
        }

        var left = _time.GetElapsedTime(now, due);
        return new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
    }

    private ServingException Full() => new(
        ServingError.Overloaded, $"The queue of the model is full: {_scheduler.QueueRowsMax} requests may wait for their sequences' turn. Try again later.");

    private static ServingException Invalid(string message) => new(ServingError.InvalidInput, message);
}
