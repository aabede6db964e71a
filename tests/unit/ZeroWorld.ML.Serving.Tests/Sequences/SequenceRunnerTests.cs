using System.Runtime.InteropServices;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Requests of sequences: their order, what is kept between them, how many are under way, and how they end.</summary>
public sealed class SequenceRunnerTests : IAsyncDisposable
{
    private const int Poison = -1;
    private readonly FakeTimeProvider _time = new();

    // What a run adds up: per row INPUT, START, END, what was kept; the answer is the new sum and, in the hundred thousands, START and END.
    private readonly FakeInstance _model = new(
        new ModelSignature(
            [Spec("INPUT"), Spec("START"), Spec("END"), Spec("SUM_IN")],
            [Spec("OUTPUT"), Spec("SUM_OUT")]),
        static inputs =>
        {
            var rows = inputs.Select(static input => input.AsSpan<int>().ToArray()).ToArray();
            if (rows[0].Contains(Poison))
            {
                throw new InvalidOperationException("poisoned");
            }

            int[] sums = [.. rows[0].Zip(rows[3], static (value, kept) => value + kept)];
            return [Of([.. sums.Select((sum, row) => sum + (100_000 * rows[1][row]) + (200_000 * rows[2][row]))]), Of(sums)];
        });

    private readonly List<SequenceRunner> _runners = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_RequestsOfASequence_GetWhatTheOneBeforeLeft()
    {
        var runner = Create();

        Assert.Equal(100_005, await Run(runner, 1, 5, isStart: true));
        Assert.Equal(100_050, await Run(runner, 2, 50, isStart: true));
        Assert.Equal(11, await Run(runner, 1, 6));
        Assert.Equal(200_018, await Run(runner, 1, 7, isEnd: true));
        Assert.Equal(51, await Run(runner, 2, 1));
        Assert.Equal(300_009, await Run(runner, 1, 9, isStart: true, isEnd: true));
        Assert.Equal(1, runner.Active);
    }

    [Fact]
    public async Task Run_ManySequencesAtOnce_KeepTheirOrderAndShareRuns()
    {
        var runner = Create(seats: 64);
        _model.Close();
        var random = new Random(1);
        var sent = Enumerable.Range(1, 40).SelectMany(static id => Enumerable.Range(0, 5).Select(step => (Id: id, Step: step))).OrderBy(place => (place.Step * 10) + random.NextDouble()).ToList();

        // The order of sending is that of each sequence; who comes between is random.
        var running = sent.ConvertAll(place => (place.Id, place.Step, Answer: Run(runner, (ulong)place.Id, place.Id, isStart: place.Step == 0, isEnd: place.Step == 4)));
        _model.Open();

        foreach (var (id, step, answer) in running)
        {
            Assert.Equal((id * (step + 1)) + (step == 0 ? 100_000 : 0) + (step == 4 ? 200_000 : 0), await answer);
        }

        Assert.Equal(200, _model.BatchRows.Sum());
        Assert.True(_model.BatchRows.Max() > 1, string.Join(',', _model.BatchRows));
        Assert.Equal(0, runner.Active);
        Assert.Equal(0, runner.QueuedTasks);
    }

    [Fact]
    public async Task Run_ThatDoesNotBelong_IsRefusedAndSaysWhy()
    {
        var runner = Create();

        await AssertRefused(Run(runner, 0, 1, isStart: true), "inference request to model 'm' must specify a non-zero or non-empty correlation ID");
        await AssertRefused(Run(runner, 7, 1), "inference request for sequence 7 to model 'm' must specify the START flag on the first request of the sequence");
        await AssertRefused(Run(runner, new SequenceId(0, "7"), 1), "inference request for sequence 7 to model 'm' must specify the START flag");
        await AssertRefused(Run(runner, new SequenceId(0, new string('x', 129)), 1, isStart: true), "has more than 128 bytes");
        await AssertRefused(Task.Run(() => runner.RunAsync([Of([1, 2])], 2, Urgency(new SequenceId(1), isStart: true), Cancellation).AsTask()), "must specify batch-size 1 due to requirements of sequence batcher");
        Assert.Equal(0, runner.Active);
    }

    [Fact]
    public async Task Run_StartAmidASequence_BeginsAnew()
    {
        var runner = Create();
        await Run(runner, 1, 5, isStart: true);

        Assert.Equal(100_003, await Run(runner, 1, 3, isStart: true));
        Assert.Equal(7, await Run(runner, 1, 4));
        Assert.Equal(1, runner.Active);
    }

    [Fact]
    public async Task Run_NumberAndTextOfOneLook_AreTwoSequences()
    {
        var runner = Create();
        await Run(runner, new SequenceId(7), 1, isStart: true);
        await Run(runner, new SequenceId(0, "7"), 100, isStart: true);

        Assert.Equal(2, await Run(runner, new SequenceId(7), 1));
        Assert.Equal(101, await Run(runner, new SequenceId(0, "7"), 1));
    }

    [Fact]
    public async Task Run_MoreSequencesThanSeats_WaitForOneToEnd()
    {
        var runner = Create(seats: 1);
        await Run(runner, 1, 1, isStart: true);

        Task<int>[] second = [Run(runner, 2, 10, isStart: true), Run(runner, 2, 10)];
        var third = Run(runner, 3, 100, isStart: true, isEnd: true);
        Assert.Equal((1, 2, 3), (runner.Active, runner.Backlog, runner.QueuedTasks));
        Assert.Equal(2, await Run(runner, 1, 1));
        Assert.All([.. second, third], static task => Assert.False(task.IsCompleted));
        await Run(runner, 1, 1, isEnd: true);

        var answers = await Task.WhenAll(second);
        Assert.Equal([100_010, 20], answers);
        Assert.False(third.IsCompleted);
        await Run(runner, 2, 0, isEnd: true);
        Assert.Equal(300_100, await third);
        Assert.Equal((0, 0, 0), (runner.Active, runner.Backlog, runner.QueuedTasks));
    }

    [Fact]
    public async Task Run_SequenceThatIsIdleTooLong_IsOverAndGivesItsSeatAway()
    {
        var runner = Create(seats: 2);
        await Run(runner, 1, 1, isStart: true);
        _time.Advance(TimeSpan.FromSeconds(3));
        await Run(runner, 2, 2, isStart: true);
        var third = Run(runner, 3, 3, isStart: true);
        _time.Advance(TimeSpan.FromSeconds(3));

        // The first was idle for six seconds of five, the second for three.
        Assert.Equal(100_003, await third);
        await AssertRefused(Run(runner, 1, 1), "must specify the START flag");
        Assert.Equal(4, await Run(runner, 2, 2));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(6, await Run(runner, 2, 2));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, runner.Active);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, runner.Active);
    }

    [Fact]
    public async Task Run_ModelFailsOnARequest_KeepsWhatItHad()
    {
        var runner = Create();
        await Run(runner, 1, 5, isStart: true);

        var failed = await Assert.ThrowsAsync<ServingException>(() => Run(runner, 1, Poison));

        Assert.Equal(ServingError.BackendFailed, failed.Error);
        Assert.Equal(8, await Run(runner, 1, 3));
    }

    [Fact]
    public async Task Run_ModelFailsOnAFirstRequest_TheSequenceHasNotBegun()
    {
        var runner = Create();

        await Assert.ThrowsAsync<ServingException>(() => Run(runner, 1, Poison, isStart: true));

        await AssertRefused(Run(runner, 1, 3), "must specify the START flag");
        Assert.Equal(0, runner.Active);
    }

    [Fact]
    public async Task Run_CallerLeavesBeforeItsTurn_TheSequenceIsOverUpToTheNextStart()
    {
        var runner = Create();
        using var leaving = new CancellationTokenSource();
        _model.Close();
        var first = Run(runner, 1, 1, isStart: true);
        await _model.Running;
        var second = Run(runner, 1, 2);
        var left = Run(runner, new SequenceId(1), 4, isStart: false, isEnd: false, leaving.Token);
        var behind = Run(runner, 1, 8);
        var anew = Run(runner, 1, 16, isStart: true);
        var last = Run(runner, 1, 32, isEnd: true);

        await leaving.CancelAsync();
        var cancelled = await Assert.ThrowsAsync<ServingException>(() => behind);
        _model.Open();

        Assert.Equal((ServingError.Cancelled, "the sequence 1 of model 'm' is over: a request of it before this one was cancelled"), (cancelled.Error, cancelled.Message));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(100_001, await first);
        Assert.Equal(3, await second);
        Assert.Equal(100_016, await anew);
        Assert.Equal(200_048, await last);
        Assert.Equal((0, 0), (runner.Active, runner.QueuedTasks));
    }

    [Fact]
    public async Task Run_CallerLeavesTheBacklog_TheNextSequenceMovesUp()
    {
        var runner = Create(seats: 1);
        using var leaving = new CancellationTokenSource();
        await Run(runner, 1, 1, isStart: true);
        var left = Run(runner, new SequenceId(2), 1, isStart: true, isEnd: false, leaving.Token);
        var third = Run(runner, 3, 3, isStart: true);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Run(runner, 1, 1, isEnd: true);

        Assert.Equal(100_003, await third);
        await AssertRefused(Run(runner, 2, 1), "must specify the START flag");
        Assert.Equal((1, 0, 0), (runner.Active, runner.Backlog, runner.QueuedTasks));
    }

    [Fact]
    public async Task Run_TimeOverBeforeItsTurn_EndsThenAndTheSequenceWithIt()
    {
        var runner = Create();
        _model.Close();
        var first = Run(runner, 1, 1, isStart: true);
        await _model.Running;
        var late = runner.RunAsync([Of([2])], 1, Urgency(new SequenceId(1)) with { Due = _time.GetTimestamp() + _time.TimestampFrequency }, Cancellation).AsTask();
        var behind = Run(runner, 1, 4);

        _time.Advance(TimeSpan.FromSeconds(1));
        var over = await Assert.ThrowsAsync<ServingException>(() => late);
        await AssertRefused(behind, "the sequence 1 of model 'm' is over: a request of it before this one was not run");
        _model.Open();

        Assert.Equal(ServingError.DeadlineExceeded, over.Error);
        Assert.Equal(100_001, await first);
        await AssertRefused(Run(runner, 1, 1), "must specify the START flag");
    }

    [Fact]
    public async Task Run_MoreThanMayWait_IsRefusedAtOnceAndEndsItsSequence()
    {
        var runner = Create(queueRowsMax: 16);
        _model.Close();
        var first = Run(runner, 1, 1, isStart: true);
        await _model.Running;
        Task<int>[] waiting = [.. Enumerable.Range(0, 16).Select(_ => Run(runner, 1, 1))];

        var refused = await Assert.ThrowsAsync<ServingException>(() => Run(runner, 1, 1));
        _model.Open();

        Assert.Equal(ServingError.Overloaded, refused.Error);
        Assert.Equal(100_001, await first);
        var answers = await Task.WhenAll(waiting);
        Assert.Equal(Enumerable.Range(2, 16), answers);
        await AssertRefused(Run(runner, 1, 1), "must specify the START flag");
        Assert.Equal((0, 0), (runner.Active, runner.QueuedTasks));
    }

    /// <summary>Callers that come, stay away, leave and fail by chance, beside a count of what is right: nothing is lost, and no seat stays taken.</summary>
    [Fact]
    public async Task Run_StormOfSequences_EveryAnswerIsThatOfItsSequence()
    {
        var runner = Create(seats: 5);
        await Task.WhenAll(Enumerable.Range(1, 24).Select(id => Task.Run(() => SendAsync(runner, (ulong)id, new Random(id)), Cancellation)));

        Assert.Equal((0, 0, 0), (runner.Active, runner.Backlog, runner.QueuedTasks));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runner in _runners)
        {
            await runner.DisposeAsync();
        }
    }

    private static async Task SendAsync(SequenceRunner runner, ulong id, Random random)
    {
        for (var round = 0; round < 30; round++)
        {
            var sum = 0;
            var steps = random.Next(1, 6);
            for (var step = 0; step < steps; step++)
            {
                var (isStart, isEnd, value) = (step == 0, step == steps - 1, random.Next(1000));
                using var leaving = new CancellationTokenSource();
                var running = Run(runner, new SequenceId(id), value, isStart, isEnd, leaving.Token);
                if (random.Next(8) == 0)
                {
                    await leaving.CancelAsync();
                }

                try
                {
                    var expected = (sum += value) + (isStart ? 100_000 : 0) + (isEnd ? 200_000 : 0);
                    Assert.Equal(expected, await running);
                }
                catch (OperationCanceledException)
                {
                    // Not run, so the sequence is over: the next request begins another.
                    await AssertRefused(Run(runner, id, 1), "must specify the START flag");
                    break;
                }
            }
        }
    }

    private static TensorSpec Spec(string name) => new(name, TensorDtype.Int32, [-1, 1]);

    private static TensorBuffer Of(int[] values) => TensorBuffer.Of(TensorDtype.Int32, [values.Length, 1], MemoryMarshal.AsBytes<int>(values).ToArray());

    private static RequestUrgency Urgency(in SequenceId id, bool isStart = false, bool isEnd = false) => new(0, 0) { Sequence = new SequencePlace(id, isStart, isEnd) };

    private static Task<int> Run(SequenceRunner runner, ulong id, int value, bool isStart = false, bool isEnd = false) => Run(runner, new SequenceId(id), value, isStart, isEnd, Cancellation);

    private static Task<int> Run(SequenceRunner runner, SequenceId id, int value, bool isStart = false) => Run(runner, id, value, isStart, isEnd: false, Cancellation);

    private static async Task<int> Run(SequenceRunner runner, SequenceId id, int value, bool isStart, bool isEnd, CancellationToken cancellationToken)
    {
        var answer = await runner.RunAsync([Of([value])], 1, Urgency(id, isStart, isEnd), cancellationToken);
        return Assert.Single(answer.Tensors).AsSpan<int>()[0];
    }

    private static async Task AssertRefused(Task running, string expected)
    {
        var refused = await Assert.ThrowsAsync<ServingException>(() => running);
        Assert.Equal(ServingError.InvalidInput, refused.Error);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private SequenceRunner Create(int seats = 8, int queueRowsMax = 1024)
    {
        var settings = PbConfigReader.Read("""
            name: "m"
            max_batch_size: 16
            sequence_batching {
              max_sequence_idle_microseconds: 5000000
              control_input [ { name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } }, { name: "END" control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } } ]
              state { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_INT32 dims: [ 1 ] }
            }
            """).Settings;
        var tensors = SequenceTensors.Of("m", settings, _model.Signature)!;
        var scheduler = BatchSchedulers.Create([_model], new BatchSchedulerOptions { BatchRowsMax = 16, QueueRowsMax = queueRowsMax, RunsInlineWhenIdle = false }, _time);
        var runner = new SequenceRunner(new ModelName("default", "m"), tensors, settings.Sequences!, seats, scheduler, new ServingMetrics(), new ModelTags(TestPackages.Model, 1), _time);
        _runners.Add(runner);
        return runner;
    }
}
