using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Writes predictions to files, off the path of the requests (docs/formats/prediction-log.md).</summary>
/// <remarks>
/// A request hands its answer over and goes on; one loop makes columns of it, many answers at a time: waking it for each would cost more than the columns do.
/// The queue is bounded in rows: what it cannot take is dropped and counted.
/// While one file is written the next is filled: rows that waited for a disk would be alive in every collection meanwhile.
/// When files cannot be written, rows are kept up to the size of two files and tried again; beyond that they are dropped and counted too.
/// <para>Thread safe.</para>
/// </remarks>
public sealed partial class PredictionLog : IAsyncDisposable
{
    // What waits is alive in every collection, and makes a heap of work of a pool thread at once.
    private const int WakeRowsMax = 64;

    // Columns whose memory is kept: of the file that is filled and of the one that is written.
    private const int SpareMax = 2;

    private readonly IPredictionLogSink _sink;
    private readonly PredictionLogOptions _options;
    private readonly ServingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<PredictionLog> _logger;

    // Bounded by the rows it holds (_queuedRows). Holds entries and flush requests, so that a flush covers what came before it.
    private readonly Channel<object> _queue = Channel.CreateUnbounded<object>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _wake = new(0);
    private readonly int _wakeRows;
    private readonly Task _loop;
    private readonly ServingMetrics? _owned;
    private int _queuedRows;
    private long _droppedRows;

    // 1 while the loop has nothing to wait for but the next entry.
    private int _isIdle;

    // Owned by the loop. Files that are being filled hold as many rows as one file may; so do, together, those that are full, or old enough, and not written yet.
    private readonly OrderedDictionary<(ModelName Model, DateOnly Date), PredictionLogFile> _open = [];
    private readonly Queue<PredictionLogFile> _closed = [];
    private readonly Stack<PredictionLogColumns> _spare = [];
    private PredictionLogFile? _last;
    private int _openRows;
    private long _openSince;

    // The first of the closed files on its way, and what became of it; null: none is.
    private Task<Exception?>? _writing;
    private bool _hasFailed;
    private long _failedAt;

    internal PredictionLog(IPredictionLogSink sink, PredictionLogOptions options, ServingMetrics metrics, TimeProvider time, ILogger<PredictionLog> logger)
    {
        _sink = sink;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _wakeRows = Math.Max(1, Math.Min(WakeRowsMax, Math.Min(options.QueueRowsMax / 2, options.FileRowsMax)));
        _loop = Task.Run(RunLoopAsync);
    }

    private PredictionLog(IPredictionLogSink sink, PredictionLogOptions options, TimeProvider time, ILogger<PredictionLog> logger, ServingMetrics metrics)
        : this(sink, options, metrics, time, logger) => _owned = metrics;

    /// <summary>A log of a process that serves nothing: its answers are from elsewhere.</summary>
    public static PredictionLog Open(IPredictionLogSink sink, PredictionLogOptions options, TimeProvider time, ILogger<PredictionLog> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PredictionLog(sink, options, time, logger, new ServingMetrics());
    }

    /// <summary>Rows that could not be logged since the start.</summary>
    public long DroppedRows => Interlocked.Read(ref _droppedRows);

    /// <summary>Rows that the loop has not taken yet.</summary>
    internal int QueuedRows => Volatile.Read(ref _queuedRows);

    /// <summary>Writes what was logged until now to files.</summary>
    /// <exception cref="IOException">The files cannot be written now; the rows are kept and tried again.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flush = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_queue.Writer.TryWrite(flush))
        {
            _wake.Release();
            await flush.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await _loop.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes no more rows, and writes those it has.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        if (!_loop.IsCompleted)
        {
            _wake.Release();
        }

        await _loop.ConfigureAwait(false);
        _owned?.Dispose();
    }

    /// <summary>Queues an answer of one row, or drops and counts it. Never waits.</summary>
    /// <param name="model">Who answered.</param>
    /// <param name="version">0 for a package that is not registered.</param>
    /// <param name="digest">Of the package.</param>
    /// <returns>Its prediction id.</returns>
    public string Add(AnsweredRow answer, ModelName model, long version, string digest, DateTimeOffset received, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var id = PredictionId.New(received);
        Add(FinishedLogRow.Of(answer, id, model, version, digest, received, duration));
        return id;
    }

    /// <summary>Queues an answer, or drops and counts it. Never waits.</summary>
    internal void Add(PredictionLogItem entry)
    {
        var rows = entry.Weight;
        var queued = Interlocked.Add(ref _queuedRows, rows);
        if (queued > _options.QueueRowsMax || !_queue.Writer.TryWrite(entry))
        {
            Interlocked.Add(ref _queuedRows, -rows);
            Drop(entry.RowCount);
            return;
        }

        // The first after a pause, so that its age counts from now; and whoever makes a heap of them.
        if ((queued >= _wakeRows && queued - rows < _wakeRows) || Interlocked.Exchange(ref _isIdle, 0) == 1)
        {
            _wake.Release();
        }
    }

    private void Drop(int rows)
    {
        Interlocked.Add(ref _droppedRows, rows);
        _metrics.AddDropped(rows);
    }

    private async Task RunLoopAsync()
    {
        var reader = _queue.Reader;
        while (true)
        {
            await TakeAsync(reader).ConfigureAwait(false);
            if (_writing is { IsCompleted: true })
            {
                await SettleAsync().ConfigureAwait(false);
            }

            if (TimeUntilDue() <= TimeSpan.Zero)
            {
                Close();
                StartWriting();
            }

            if (reader.Completion.IsCompleted)
            {
                break;
            }

            await SleepAsync(reader).ConfigureAwait(false);
        }

        if (await WriteAllAsync().ConfigureAwait(false) is not null)
        {
            var lost = _closed.Concat(_open.Values).Sum(static file => file.Columns.Rows);
            Drop(lost);
            LogLost(_logger, lost);
        }
    }

    /// <summary>Until there is something to write: after a failure as after the first row of a file one interval.</summary>
    private TimeSpan TimeUntilDue() => (_closed.Count, _writing) switch
    {
        ( > 0, null) => _hasFailed ? _options.FlushInterval - _time.GetElapsedTime(_failedAt) : TimeSpan.Zero,
        ( > 0, _) => TimeSpan.MaxValue,
        _ => _openRows == 0 ? TimeSpan.MaxValue : _openRows >= _options.FileRowsMax ? TimeSpan.Zero : _options.FlushInterval - _time.GetElapsedTime(_openSince),
    };

    /// <summary>Waits for the time to write, or to be woken, whichever comes first.</summary>
    private async Task SleepAsync(ChannelReader<object> reader)
    {
        if (_openRows == 0)
        {
            Interlocked.Exchange(ref _isIdle, 1);

            // An entry that came before the flag was up has woken nobody.
            if (reader.TryPeek(out _))
            {
                Interlocked.Exchange(ref _isIdle, 0);
                return;
            }
        }

        var left = TimeUntilDue();
        if (left == TimeSpan.MaxValue)
        {
            await _wake.WaitAsync().ConfigureAwait(false);
        }
        else if (left > TimeSpan.Zero)
        {
            using var cancellation = new CancellationTokenSource();
            var delay = Task.Delay(left, _time, cancellation.Token);
            var wake = _wake.WaitAsync(cancellation.Token);
            await Task.WhenAny(wake, delay).ConfigureAwait(false);
            await cancellation.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task TakeAsync(ChannelReader<object> reader)
    {
        while (reader.TryRead(out var item))
        {
            if (item is TaskCompletionSource flush)
            {
                if (await WriteAllAsync().ConfigureAwait(false) is { } failure)
                {
                    flush.TrySetException(failure);
                }
                else
                {
                    flush.TrySetResult();
                }

                continue;
            }

            var entry = (PredictionLogItem)item;
            Interlocked.Add(ref _queuedRows, -entry.Weight);
            if (_openRows > 0 && _openRows + entry.Weight > _options.FileRowsMax && !await MakeRoomAsync().ConfigureAwait(false))
            {
                Drop(entry.RowCount);
                continue;
            }

            Add(entry, entry.Model, DateOnly.FromDateTime(entry.ReceivedAt.UtcDateTime));
        }
    }

    private void Add(PredictionLogItem entry, ModelName model, DateOnly date)
    {
        if (_openRows == 0)
        {
            _openSince = _time.GetTimestamp();
        }

        // Most go where the one before them went.
        if (_last is not { } file || file.Date != date || file.Model != model)
        {
            if (!_open.TryGetValue((model, date), out file))
            {
                _open.Add((model, date), file = new PredictionLogFile(_spare.TryPop(out var columns) ? columns : new PredictionLogColumns(), entry));
            }

            _last = file;
        }

        file.Add(entry);
        _openRows += entry.Weight;
    }

    /// <summary>Closes the files that are full; waits for those before them.</summary>
    /// <returns><see langword="false"/> when files cannot be written, or could not a moment ago.</returns>
    private async ValueTask<bool> MakeRoomAsync()
    {
        var isRefused = _hasFailed && _writing is null && TimeUntilDue() > TimeSpan.Zero;
        if (isRefused || await WriteClosedAsync().ConfigureAwait(false) is not null)
        {
            return false;
        }

        Close();
        StartWriting();
        return true;
    }

    /// <summary>Closes what is being filled, where nothing closed waits before it.</summary>
    private void Close()
    {
        if (_closed.Count > 0)
        {
            return;
        }

        foreach (var file in _open.Values)
        {
            _closed.Enqueue(file);
        }

        _open.Clear();
        _last = null;
        _openRows = 0;
    }

    /// <returns>Why not everything was written; what was is forgotten, the rest is kept.</returns>
    private async Task<IOException?> WriteAllAsync()
    {
        if (await WriteClosedAsync().ConfigureAwait(false) is { } failure)
        {
            return failure;
        }

        Close();
        return await WriteClosedAsync().ConfigureAwait(false);
    }

    private async Task<IOException?> WriteClosedAsync()
    {
        while (_closed.Count > 0)
        {
            StartWriting();
            if (await SettleAsync().ConfigureAwait(false) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    private void StartWriting()
    {
        if (_writing is null && _closed.TryPeek(out var file))
        {
            _writing = WriteAsync(file);
        }
    }

    /// <returns>Why it could not be written.</returns>
    private async Task<Exception?> WriteAsync(PredictionLogFile file)
    {
        try
        {
            await _sink.WriteFileAsync(file.Path, file.Columns.ToSinkColumns(), CancellationToken.None).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // The edge of a loop that must live: a full disk today must not end the log for ever.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
        finally
        {
            _wake.Release();
        }
    }

    /// <summary>Waits for the file that is being written, and draws the consequences.</summary>
    private async Task<IOException?> SettleAsync()
    {
        var file = _closed.Peek();
        var failure = await _writing!.ConfigureAwait(false);
        _writing = null;
        _hasFailed = failure is not null;
        if (failure is not null)
        {
            // The next attempt comes after another interval, not with every row.
            _failedAt = _time.GetTimestamp();
            LogWriteFailed(_logger, failure, file.Path, _openRows + _closed.Sum(static waiting => waiting.Weight));
            return new IOException($"The prediction log file '{file.Path}' cannot be written: {failure.Message}", failure);
        }

        _closed.Dequeue();
        _metrics.AddLogged(file.Columns.Rows);
        if (_spare.Count < SpareMax)
        {
            file.Columns.Clear();
            _spare.Push(file.Columns);
        }

        return null;
    }

    [LoggerMessage(1031, LogLevel.Error, "The prediction log file {Path} cannot be written; {Rows} rows wait for the next attempt")]
    private static partial void LogWriteFailed(ILogger logger, Exception exception, string path, int rows);

    [LoggerMessage(1032, LogLevel.Error, "{Rows} rows of the prediction log are lost: the process ends, and they could not be written")]
    private static partial void LogLost(ILogger logger, int rows);
}
