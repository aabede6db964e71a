using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features;

/// <summary>The loop that brings the events of one stream to the views of its table.</summary>
/// <remarks>
/// Read, decide (<see cref="StreamBatch"/>), write online, keep for the archive, and only then commit: whatever this process is stopped by, and wherever, what
/// was not committed is read again, and writing it again changes nothing. The next batch is read while one is written. While a store does not answer nothing
/// further is read, so memory is bounded by two batches and what waits for the archive. One loop: <see cref="RunAsync"/> is called once; <see cref="Status"/> may be read from any thread.
/// </remarks>
public sealed partial class StreamConsumer
{
    private const int RetriesUntilLongest = 30;

    // For what is in hand at the end. A busy machine may need seconds for the archive, which otherwise has those events twice; a store or broker that did not answer before hardly does now.
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LeaveTimeoutWhileWaiting = TimeSpan.FromSeconds(1);

    // Whatever the number of events: what waits for the archive is a few times as large in memory.
    private const long BacklogBytesMax = 64 << 20;

    private readonly IReadOnlyList<StorageField> _fields;
    private readonly IEventSource _source;
    private readonly IOnlineStore _store;
    private readonly IEventArchive? _archive;
    private readonly StreamConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<StreamConsumer> _logger;
    private readonly JsonEventDecoder _decoder;
    private readonly StreamBacklog _backlog = new();
    private volatile StreamStatus _status = StreamStatus.Starting;

    // The next batch, on its way; the source is not called otherwise until it is there.
    private Task<IReadOnlyList<StreamEvent>>? _ahead;
    private long _lagAt = long.MinValue;

    /// <param name="stream">What to read.</param>
    /// <param name="fields">The stored forms of the views of its table; without any, events are only archived.</param>
    /// <param name="source">Belongs to the caller.</param>
    /// <param name="store">Where the views are.</param>
    /// <param name="archive"><see langword="null"/>: nothing is archived.</param>
    public StreamConsumer(
        EventStream stream, IReadOnlyList<StorageField> fields, IEventSource source, IOnlineStore store, IEventArchive? archive,
        StreamConsumerOptions options, TimeProvider time, ILogger<StreamConsumer> logger)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        Stream = stream;
        _fields = fields;
        _source = source;
        _store = store;
        _archive = stream.IsArchived ? archive : null;
        _options = options;
        _time = time;
        _logger = logger;
        _decoder = new JsonEventDecoder(stream.Columns);
    }

    public EventStream Stream { get; }

    public StreamStatus Status => _status;

    /// <summary>How long it waits at most before it tries again what a store or a broker did not answer.</summary>
    public TimeSpan RetryIntervalMax => _options.RetryInterval * RetriesUntilLongest;

    /// <value>
    /// What the consumer saw last in whose place this one comes, as after a change of definitions: its counts and newest times go on, and where it failed, so does this one until it
    /// works. <see langword="null"/>: there was none.
    /// </value>
    public StreamStatus? Predecessor
    {
        init
        {
            if (value is not null)
            {
                _status = value.State == StreamState.Failed ? value : value with { State = StreamState.Starting, Fault = null };
            }
        }
    }

    private long Now => UnixMicroseconds.FromDateTimeOffset(_time.GetUtcNow());

    /// <summary>Runs until the token is cancelled; then what is in hand is committed if store and broker take it within ten seconds, or one where they did not answer before.</summary>
    /// <exception cref="FeatureException">What does not mend itself: the stream is not there, or of another kind than its definition says.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        StreamMetrics.Watch(this, _time);
        try
        {
            while (true)
            {
                // Between two steps it ends as in one: what is in hand is committed.
                cancellationToken.ThrowIfCancellationRequested();
                await StepAsync(cancellationToken).ConfigureAwait(false);
                if (IsLagDue)
                {
                    await UntilItWorksAsync(ReadLagAsync, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await LeaveAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Of whatever kind: who looks at the stream must see that it does not go on.
            _status = _status with { State = StreamState.Failed, Fault = exception.Message };
            throw;
        }
        finally
        {
            // The source may be disposed of as soon as this has ended.
            await EndReadingAsync().ConfigureAwait(false);
            StreamMetrics.Unwatch(this);
            if (_status.State != StreamState.Failed)
            {
                _status = _status with { State = StreamState.Stopped };
            }
        }
    }

    /// <summary>Reads until nothing comes any more, and commits it: for tests and catching up.</summary>
    /// <returns>Events that were read.</returns>
    public async Task<long> DrainAsync(CancellationToken cancellationToken)
    {
        var total = 0L;
        try
        {
            while (await StepAsync(cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                total += count;
            }

            await CommitAsync(cancellationToken).ConfigureAwait(false);
            return total;
        }
        finally
        {
            await EndReadingAsync().ConfigureAwait(false);
        }
    }

    private async Task<int> StepAsync(CancellationToken cancellationToken)
    {
        var events = await UntilItWorksAsync(ReadAsync, cancellationToken).ConfigureAwait(false);
        if (events.Count > 0)
        {
            if (_archive is null || _backlog.Events + events.Count < _options.ArchiveEventsMax)
            {
                _ahead = ReadAheadAsync(cancellationToken);
            }

            var batch = StreamBatch.Of(Stream, _decoder, _fields, events, Now);
            await UntilItWorksAsync(
                async token =>
                {
                    await batch.WriteAsync(_store, token).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            _backlog.Add(events, batch, _archive is not null, _time.GetTimestamp());
            Report(events, batch);
        }

        if (_backlog.Events > 0
            && (_archive is null || _backlog.Events >= _options.ArchiveEventsMax || _backlog.Bytes >= BacklogBytesMax || _time.GetElapsedTime(_backlog.Since) >= _options.ArchiveInterval))
        {
            await CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        return events.Count;
    }

    private async Task<IReadOnlyList<StreamEvent>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_ahead is { } ahead)
        {
            _ahead = null;
            if (await ahead.ConfigureAwait(false) is { Count: > 0 } events)
            {
                return events;
            }
        }

        return await _source.ReadAsync(_options.BatchEventsMax, _options.PollInterval, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is there already, without a wait: a commit waits for this.</summary>
    private async Task<IReadOnlyList<StreamEvent>> ReadAheadAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await _source.ReadAsync(_options.BatchEventsMax, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the source may be called again; what became of the read is told where its events are wanted.</summary>
    private Task EndReadingAsync() => _ahead is { } ahead ? SuppressAsync(ahead) : Task.CompletedTask;

    private static async Task SuppressAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private bool IsLagDue => _lagAt == long.MinValue || _time.GetElapsedTime(_lagAt) >= _options.LagInterval;

    private async Task<bool> ReadLagAsync(CancellationToken cancellationToken)
    {
        _lagAt = _time.GetTimestamp();
        var lag = await _source.ReadLagAsync(cancellationToken).ConfigureAwait(false);
        _status = _status with { Lag = lag };
        return true;
    }

    /// <summary>Events come while nothing is read: how many is what an operator wants to know then. A broker that is away cannot tell either, and the state says why.</summary>
    private async Task TryReadLagAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (IsLagDue)
            {
                await ReadLagAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
        {
            LogLagUnknown(Stream.Name, exception.Message);
        }
    }

    private void Report(IReadOnlyList<StreamEvent> events, StreamBatch batch)
    {
        var (oldest, newest) = (long.MaxValue, long.MinValue);
        foreach (var item in events)
        {
            (oldest, newest) = (Math.Min(oldest, item.Arrival), Math.Max(newest, item.Arrival));
        }

        StreamMetrics.Record(Stream, batch.Accepted, batch.DeadLetters.Count, (Now - oldest) / 1e6);
        _status = _status with
        {
            State = StreamState.Running,
            Accepted = _status.Accepted + batch.Accepted,
            Refused = _status.Refused + batch.DeadLetters.Count,
            NewestEvent = batch.Accepted == 0 || batch.NewestEvent == long.MinValue ? _status.NewestEvent : Math.Max(_status.NewestEvent ?? long.MinValue, batch.NewestEvent),
            NewestArrival = batch.Accepted == 0 ? _status.NewestArrival : Math.Max(_status.NewestArrival ?? long.MinValue, newest),
        };
        if (batch.DeadLetters.Count > 0)
        {
            LogRefused(Stream.Name, batch.DeadLetters.Count, Stream.DeadLetterTopic, batch.DeadLetters[0].Event.Position, batch.DeadLetters[0].Reason);
        }
    }

    /// <summary>Archive, dead letters, commit: in this order, so that nothing is done before it is kept.</summary>
    private async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_backlog.Events == 0)
        {
            return;
        }

        await EndReadingAsync().ConfigureAwait(false);
        if (_archive is not null && _backlog.Columns is { } columns && columns[0].Values.Count > 0)
        {
            await UntilItWorksAsync(
                async token =>
                {
                    await _archive.AppendAsync(Stream.Project, Stream.Name, columns, token).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            _backlog.MarkArchived();
        }

        await UntilItWorksAsync(
            async token =>
            {
                await _source.CommitAsync(_backlog.Read, _backlog.DeadLetters, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        _backlog.Clear();
    }

    /// <summary>Commits what is written and looks what is left, within a time for both; what is not committed is read again by whoever comes next.</summary>
    private async Task LeaveAsync()
    {
        using var end = new CancellationTokenSource(_status.State == StreamState.Waiting ? LeaveTimeoutWhileWaiting : LeaveTimeout, _time);
        try
        {
            await CommitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogLeft(Stream.Name, _backlog.Events);
            return;
        }

        // What was seen before the commit is not true behind it.
        (_status, _lagAt) = (_status with { Lag = null }, long.MinValue);
        if (_status.State == StreamState.Waiting)
        {
            return;
        }

        try
        {
            await TryReadLagAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogLagUnknown(Stream.Name, "the broker did not tell it in time");
        }
    }

    /// <summary>Repeats what a store or a broker does not answer, ever more slowly: this is the back-pressure.</summary>
    private async Task<T> UntilItWorksAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var result = await action(cancellationToken).ConfigureAwait(false);
                if (_status.State is StreamState.Waiting or StreamState.Starting or StreamState.Failed)
                {
                    _status = _status with { State = StreamState.Running, Fault = null };
                }

                return result;
            }
            catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
            {
                if (_status.State != StreamState.Waiting)
                {
                    LogWaiting(Stream.Name, exception.Message);
                }

                _status = _status with { State = StreamState.Waiting, Fault = exception.Message };
                await TryReadLagAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(_options.RetryInterval * Math.Min(1 << Math.Min(attempt - 1, 10), RetriesUntilLongest), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(2301, LogLevel.Warning, "Stream {Stream}: {Count} events went to the dead letters in {DeadLetters}; the first, at {Position}: {Reason}")]
    private partial void LogRefused(string stream, int count, string deadLetters, string position, string reason);

    [LoggerMessage(2302, LogLevel.Warning, "Stream {Stream} waits, and reads nothing further: {Reason}")]
    private partial void LogWaiting(string stream, string reason);

    [LoggerMessage(2303, LogLevel.Warning, "Stream {Stream} was stopped before {Count} events could be committed; they are read again")]
    private partial void LogLeft(string stream, int count);

    [LoggerMessage(2304, LogLevel.Debug, "Stream {Stream}: how many events wait is not known: {Reason}")]
    private partial void LogLagUnknown(string stream, string reason);
}
