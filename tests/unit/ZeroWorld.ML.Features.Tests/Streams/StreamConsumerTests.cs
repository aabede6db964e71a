using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

public sealed class StreamConsumerTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ScriptedSource _source = new();
    private readonly List<string> _archive = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Drain_Archive_IsWrittenBeforeAnythingIsCommitted()
    {
        _source.Batches.Enqueue(["""{"CARD":1,"AT":5}""", "poison"]);
        _source.OnCommit = () => Assert.Equal(["payments: 1"], _archive);

        await Consumer(new RecordingArchive(_archive)).DrainAsync(Token);

        Assert.Equal((2, 1), (_source.Committed, _source.Dead.Count));
        Assert.Equal("poison", Encoding.UTF8.GetString(_source.Dead[0].Event.Value.Span));
    }

    [Fact]
    public async Task Drain_BeforeABatchIsCommitted_TheNextOneIsReadAndTheSourceHasOneCallerAtATime()
    {
        for (var batch = 0; batch < 3; batch++)
        {
            _source.Batches.Enqueue(["""{"CARD":1,"AT":5}"""]);
        }

        var readsBeforeCommit = new List<int>();
        _source.OnCommit = () => readsBeforeCommit.Add(_source.Reads);

        var read = await Consumer(null).DrainAsync(Token);

        Assert.Equal((3L, 3, 0), (read, _source.Committed, _source.Overlaps));
        Assert.Equal([2, 3, 3], readsBeforeCommit);
    }

    [Fact]
    public async Task Drain_SourceThatFailsWhileABatchIsWritten_CommitsTheBatchAndReadsAgain()
    {
        _source.Batches.Enqueue(["""{"CARD":1,"AT":5}"""]);
        _source.Batches.Enqueue(["""{"CARD":2,"AT":5}"""]);
        _source.FailureOnce = new FeatureException(FeatureError.StoreUnavailable, "The broker is away.");
        _source.FailureAt = 1;
        var draining = Consumer(null).DrainAsync(Token);
        while (!draining.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal((2L, 2), (await draining, _source.Committed));
    }

    [Fact]
    public async Task Run_ArchiveThatDoesNotTake_StopsTheReading()
    {
        for (var batch = 0; batch < 5; batch++)
        {
            _source.Batches.Enqueue(["""{"CARD":1,"AT":5}"""]);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var archive = new FullDisk();
        var consumer = Consumer(archive, eventsMax: 2);
        var running = consumer.RunAsync(stop.Token);
        for (var attempt = 0; attempt < 6; attempt++)
        {
            while (!await archive.Attempted.WaitAsync(TimeSpan.Zero, Token))
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                await Task.Yield();
            }

            Assert.Equal((2, 0), (_source.Reads, _source.Committed));
            while (consumer.Status.State != StreamState.Waiting)
            {
                await Task.Yield();
            }

            Assert.Equal("The disk is full.", consumer.Status.Fault);

            // What comes meanwhile is counted, and not read: not by each attempt, the first ones follow each other faster than the lag is asked for.
            while (attempt > 0 && consumer.Status.Lag != _source.Batches.Count)
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                await Task.Yield();
            }

            _source.Batches.Enqueue(["""{"CARD":1,"AT":5}"""]);
        }

        archive.IsFull = false;
        while (_source.Committed < 11)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        await stop.CancelAsync();
        await running;
        Assert.Equal(11, _source.Committed);
        Assert.Equal((StreamState.Stopped, 11L, null), (consumer.Status.State, consumer.Status.Accepted, consumer.Status.Fault));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_Stopped_TellsTheLagBehindItsLastCommit(bool brokerTellsIt)
    {
        _source.Batches.Enqueue(["""{"CARD":1,"AT":5}""", """{"CARD":2,"AT":5}"""]);
        var tellsIt = true;
        _source.Lag = () => tellsIt ? 2 - _source.Committed : throw new FeatureException(FeatureError.StoreUnavailable, "The broker is away.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var consumer = Consumer(new RecordingArchive(_archive));
        var running = consumer.RunAsync(stop.Token);
        while (consumer.Status.Lag != 2)
        {
            await Task.Yield();
        }

        tellsIt = brokerTellsIt;
        await stop.CancelAsync();
        await running;

        Assert.Equal((2, StreamState.Stopped), (_source.Committed, consumer.Status.State));
        Assert.Equal(brokerTellsIt ? 0L : null, consumer.Status.Lag);
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(11, false)]
    public async Task Run_StoppedWhileTheArchiveIsSlow_WaitsTenSecondsForIt(int seconds, bool isKept)
    {
        _source.Batches.Enqueue(["""{"CARD":1,"AT":5}"""]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var archive = new SlowDisk();
        var consumer = Consumer(archive);
        var running = consumer.RunAsync(stop.Token);
        while (consumer.Status.Accepted == 0)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        await archive.Attempted.Task.WaitAsync(Token);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        archive.Written.TrySetResult();
        await running;

        Assert.Equal((isKept ? 1 : 0, StreamState.Stopped), (_source.Committed, consumer.Status.State));
    }

    [Fact]
    public async Task Drain_ArrivalThatNoTableMayHave_GoesToTheDeadLettersAlsoWhereNoViewReadsIt()
    {
        _source.Arrivals.Enqueue(long.MaxValue);
        _source.Batches.Enqueue(["""{"CARD":1,"AT":5}""", """{"CARD":2,"AT":5}"""]);

        await Consumer(new RecordingArchive(_archive)).DrainAsync(Token);

        Assert.Equal(["payments: 1"], _archive);
        Assert.Equal("The broker says that it came at 9223372036854775807; expected a time of the years 1 to 9999, in microseconds since the epoch.", Assert.Single(_source.Dead).Reason);
    }

    [Fact]
    public async Task Run_SourceThatIsOfAnotherKind_EndsWithTheReason()
    {
        _source.Failure = new FeatureException(FeatureError.InvalidInput, "The server has no streams.");
        var consumer = Consumer(null);

        await Assert.ThrowsAsync<FeatureException>(() => consumer.RunAsync(Token));

        Assert.Equal((StreamState.Failed, "The server has no streams."), (consumer.Status.State, consumer.Status.Fault));
    }

    [Fact]
    public async Task Run_FaultThatNobodyForesaw_IsToldInTheState()
    {
        _source.Failure = new InvalidOperationException("Something else.");
        var consumer = Consumer(null);

        await Assert.ThrowsAsync<InvalidOperationException>(() => consumer.RunAsync(Token));

        Assert.Equal((StreamState.Failed, "Something else."), (consumer.Status.State, consumer.Status.Fault));
    }

    [Fact]
    public async Task Run_InThePlaceOfOneThatFailed_SaysSoUntilItWorksAndCountsOn()
    {
        _source.Batches.Enqueue(["""{"CARD":1,"AT":5}"""]);
        var before = new StreamStatus(StreamState.Failed, 7, 1, 3, 4, 4, "The key holds no stream.");
        var consumer = Consumer(null, before: before);
        Assert.Equal(before, consumer.Status);

        await consumer.DrainAsync(Token);

        Assert.Equal((StreamState.Running, null, 8L, 1L), (consumer.Status.State, consumer.Status.Fault, consumer.Status.Accepted, consumer.Status.Refused));
    }

    private StreamConsumer Consumer(IEventArchive? archive, int eventsMax = 100, StreamStatus? before = null) => new(
        new EventStream
        {
            Project = "default", Name = "payments", Kind = EventStreamKind.Redis, Topic = "tx", Group = "g", DeadLetterTopic = "dead",
            Columns = [new StreamColumn("CARD", FeatureType.Int64, "CARD"), new StreamColumn("AT", FeatureType.Timestamp, "AT")],
        },
        [], _source, new GatedOnlineStore(), archive,
        new StreamConsumerOptions { ArchiveEventsMax = eventsMax }, _time, NullLogger<StreamConsumer>.Instance) { Predecessor = before };

    private sealed class RecordingArchive(List<string> written) : IEventArchive
    {
        public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
        {
            written.Add($"{table}: {columns[0].Values.Count}");
            return Task.CompletedTask;
        }
    }

    private sealed class SlowDisk : IEventArchive
    {
        public TaskCompletionSource Attempted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
        {
            Attempted.TrySetResult();
            return Written.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class FullDisk : IEventArchive
    {
        public SemaphoreSlim Attempted { get; } = new(0);

        public bool IsFull { get; set; } = true;

        public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
        {
            Attempted.Release();
            return IsFull ? Task.FromException(new FeatureException(FeatureError.StoreUnavailable, "The disk is full.")) : Task.CompletedTask;
        }
    }
}
