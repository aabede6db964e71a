using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

public sealed partial class OnlineReadCoalescerTests
{
    private static readonly StorageField[] Fields = [Field("first")];
    private static readonly StorageField[] OtherFields = [Field("second")];

    private readonly GatedOnlineStore _store = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryReadAsync_Of64CallsForOneEntity_ReadsOnce()
    {
        await using var coalescer = Create();
        var calls = Enumerable.Range(0, 64).Select(_ => Read(coalescer, "a")).ToList();

        Assert.Single(_store.MultiGets).AnswerAll();

        Assert.Single(Assert.Single(_store.MultiGets).Reads);
        foreach (var call in calls)
        {
            Assert.Equal(["a"], await call);
        }
    }

    [Fact]
    public async Task TryReadAsync_AfterTheAnswer_ReadsAgain()
    {
        await using var coalescer = Create();
        var first = Read(coalescer, "a");
        _store.MultiGets[0].AnswerAll();
        await first;

        var second = Read(coalescer, "a");
        _store.MultiGets[1].AnswerAll();

        Assert.Equal(["a"], await second);
    }

    [Fact]
    public async Task TryReadAsync_OfSeveralKeys_AnswersInTheirOrderWithRepeats()
    {
        await using var coalescer = Create();

        var call = Read(coalescer, "b", "a", "b");
        Assert.Equal(["b", "a"], Assert.Single(_store.MultiGets).Keys);
        _store.MultiGets[0].AnswerAll();

        Assert.Equal(["b", "a", "b"], await call);
    }

    [Fact]
    public async Task TryReadAsync_OfOtherFieldsOfTheSameEntity_IsAReadOfItsOwn()
    {
        await using var coalescer = Create();
        var answers = new OnlineReadAnswer[2];

        var call = coalescer.TryReadAsync([Key("a"), new OnlineReadKey(Id("a"), OtherFields)], answers, Timeout.InfiniteTimeSpan, Cancellation);
        _store.MultiGets[0].AnswerAll();

        Assert.True(await call);
        Assert.Equal(2, _store.MultiGets[0].Reads.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task TryReadAsync_WhileMultiGetsAreInFlight_CollectsTheNext(int inFlight)
    {
        await using var coalescer = Create(options => options.MultiGetsInFlight = inFlight);
        var sent = Enumerable.Range(0, inFlight).Select(index => Read(coalescer, $"sent {index}")).ToList();

        var collected = new[] { Read(coalescer, "a"), Read(coalescer, "b"), Read(coalescer, "a") };
        Assert.Equal(inFlight, _store.MultiGets.Count);
        _store.MultiGets[0].AnswerAll();

        Assert.Equal(["a", "b"], _store.MultiGets[inFlight].Keys);
        _store.MultiGets[inFlight].AnswerAll();
        Assert.Equal(["a"], await collected[2]);
        foreach (var multiGet in _store.MultiGets.Skip(1).SkipLast(1))
        {
            multiGet.AnswerAll();
        }

        await Task.WhenAll(sent);
    }

    [Fact]
    public async Task TryReadAsync_BehindASlowMultiGet_IsHeldBackForTheCollectTimeOnly()
    {
        await using var coalescer = Create(static options =>
        {
            options.MultiGetsInFlight = 1;
            options.CollectTimeMax = TimeSpan.FromMilliseconds(2);
        });
        var slow = Read(coalescer, "slow");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var next = Read(coalescer, "a");

        _time.Advance(TimeSpan.FromMilliseconds(0.9));
        Assert.Single(_store.MultiGets);
        _time.Advance(TimeSpan.FromMilliseconds(0.1));

        Assert.Equal(2, _store.MultiGets.Count);
        _store.MultiGets[1].AnswerAll();
        Assert.Equal(["a"], await next);
        Assert.False(slow.IsCompleted);
        _store.MultiGets[0].AnswerAll();
        await slow;
    }

    [Fact]
    public async Task TryReadAsync_BeyondTheUnansweredMultiGets_WaitsForOneToEnd()
    {
        await using var coalescer = Create(static options =>
        {
            options.MultiGetsInFlight = 1;
            options.MultiGetsUnansweredMax = 2;
        });
        var calls = new List<Task<string?[]>>();
        foreach (var key in new[] { "a", "b", "c" })
        {
            calls.Add(Read(coalescer, key));
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal(2, _store.MultiGets.Count);
        _store.MultiGets[0].AnswerAll();
        Assert.Equal(["c"], _store.MultiGets[2].Keys);
        _store.MultiGets[1].AnswerAll();
        _store.MultiGets[2].AnswerAll();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task TryReadAsync_OfMoreThanAMultiGetHolds_SplitsThem()
    {
        await using var coalescer = Create(static options => options.ReadsPerMultiGetMax = 2);

        var call = Read(coalescer, "a", "b", "c", "d", "e");
        for (var index = 0; index < _store.MultiGets.Count; index++)
        {
            _store.MultiGets[index].AnswerAll();
        }

        Assert.Equal(["a", "b", "c", "d", "e"], await call);
        Assert.Equal([2, 2, 1], _store.MultiGets.Select(static multiGet => multiGet.Reads.Count));
    }

    [Fact]
    public async Task TryReadAsync_WhenItsOwnReadIsAnswered_DoesNotWaitForTheMultiGet()
    {
        await using var coalescer = Create(static options => options.MultiGetsInFlight = 1);
        var first = Read(coalescer, "first");
        var (fast, slow) = (Read(coalescer, "fast"), Read(coalescer, "slow"));
        _store.MultiGets[0].AnswerAll();
        await first;

        _store.MultiGets[1].Answer(0);

        Assert.Equal(["fast"], await fast);
        Assert.False(slow.IsCompleted);
        _store.MultiGets[1].AnswerAll();
        Assert.Equal(["slow"], await slow);
    }

    [Fact]
    public async Task TryReadAsync_PastItsTimeout_GivesWhatIsThereAndHarmsNobody()
    {
        await using var coalescer = Create(static options => options.MultiGetsInFlight = 2);
        var answers = new OnlineReadAnswer[2];
        var patient = Read(coalescer, "b");
        var hasty = coalescer.TryReadAsync([Key("a"), Key("b")], answers, TimeSpan.FromMilliseconds(5), Cancellation);
        _store.MultiGets[1].Answer(0);

        _time.Advance(TimeSpan.FromMilliseconds(5));

        Assert.True(await hasty);
        Assert.True(answers[0].IsAvailable);
        Assert.False(answers[1].IsAvailable);
        _store.MultiGets[0].AnswerAll();
        _store.MultiGets[1].AnswerAll();
        Assert.Equal(["b"], await patient);
        Assert.False(answers[1].IsAvailable);
    }

    [Fact]
    public async Task TryReadAsync_Cancelled_ThrowsAndHarmsNobody()
    {
        await using var coalescer = Create();
        using var source = new CancellationTokenSource();
        var answers = new OnlineReadAnswer[1];
        var patient = Read(coalescer, "a");
        var cancelled = coalescer.TryReadAsync([Key("a")], answers, Timeout.InfiniteTimeSpan, source.Token).AsTask();

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        _store.MultiGets[0].AnswerAll();
        Assert.Equal(["a"], await patient);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task TryReadAsync_WithNoTimeLeft_ReadsNothing(int milliseconds)
    {
        await using var coalescer = Create();

        Assert.Equal([null], await Read(coalescer, TimeSpan.FromMilliseconds(milliseconds), "a"));

        Assert.Empty(_store.MultiGets);
    }

    [Fact]
    public async Task TryReadAsync_OfAReadThatNobodyWantsAnyMore_IsNotSent()
    {
        await using var coalescer = Create(static options => options.MultiGetsInFlight = 1);
        var sent = Read(coalescer, "sent");
        var given = Read(coalescer, TimeSpan.FromMilliseconds(1), "given up");
        var wanted = Read(coalescer, "wanted");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([null], await given);

        _store.MultiGets[0].AnswerAll();

        Assert.Equal(["wanted"], _store.MultiGets[1].Keys);
        _store.MultiGets[1].AnswerAll();
        await Task.WhenAll(sent, wanted);

        // And it can be asked for again.
        var again = Read(coalescer, "given up");
        _store.MultiGets[2].AnswerAll();
        Assert.Equal(["given up"], await again);
    }

    [Fact]
    public async Task TryReadAsync_BeyondTheWaitingReads_IsRefusedAtOnce()
    {
        await using var coalescer = Create(static options => options.WaitingReadsMax = 3);
        var waiting = Read(coalescer, "a", "a", "b");
        var answers = new OnlineReadAnswer[1];

        Assert.False(await coalescer.TryReadAsync([Key("a")], answers, Timeout.InfiniteTimeSpan, Cancellation));
        Assert.Null(answers[0].Payloads);
        _store.MultiGets[0].AnswerAll();
        await waiting;

        var next = Read(coalescer, "a", "b", "c");
        _store.MultiGets[1].AnswerAll();
        Assert.Equal(["a", "b", "c"], await next);
    }

    [Fact]
    public async Task TryReadAsync_AfterManyCallsGaveUp_HasRoomAgain()
    {
        await using var coalescer = Create(static options =>
        {
            (options.MultiGetsInFlight, options.MultiGetsUnansweredMax, options.WaitingReadsMax) = (1, 1, 4);
        });
        var stuck = Read(coalescer, TimeSpan.FromMilliseconds(1), "stuck");
        for (var round = 0; round < 10; round++)
        {
            var hasty = Read(coalescer, TimeSpan.FromMilliseconds(1), $"a{round}", $"b{round}", $"c{round}");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal([null, null, null], await hasty);
        }

        Assert.Equal([null], await stuck);
        _store.MultiGets[0].AnswerAll();
    }

    [Fact]
    public async Task TryReadAsync_OfManyConcurrentCallers_GivesEachItsOwnAnswers()
    {
        await using var store = new YieldingOnlineStore();
        await using var coalescer = new OnlineReadCoalescer(
            store, new OnlineReadCoalescerOptions(), TimeProvider.System, NullLogger<OnlineReadCoalescer>.Instance);
        var callers = Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var round = 0; round < 2000; round++)
            {
                var keys = Enumerable.Range(0, 1 + random.Next(4)).Select(_ => $"k{random.Next(20)}").ToArray();
                Assert.Equal(keys, await Read(coalescer, keys));
            }
        }, Cancellation));

        await Task.WhenAll(callers);
    }

    [Fact]
    public void Constructor_WithAnOptionOutOfRange_NamesIt()
    {
        var exception = Assert.Throws<ValidationException>(() => Create(static options => options.WaitingReadsMax = 0));

        Assert.Contains(nameof(OnlineReadCoalescerOptions.WaitingReadsMax), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryReadAsync_WhileWorkIsPendingInThePool_IsSentBehindItWithTheReadsThatCame()
    {
        var queued = new Queue<IThreadPoolWorkItem>();
        await using var coalescer = new OnlineReadCoalescer(_store, new OnlineReadCoalescerOptions(), _time, NullLogger<OnlineReadCoalescer>.Instance)
        {
            IsPoolBusy = static () => true,
            Queue = queued.Enqueue,
        };
        var first = Read(coalescer, "a");
        var second = Read(coalescer, "b");
        Assert.Empty(_store.MultiGets);

        Assert.Single(queued);
        queued.Dequeue().Execute();
        var third = Read(coalescer, "c");
        Assert.Equal(["a", "b"], Assert.Single(_store.MultiGets).Keys);
        _store.MultiGets[0].AnswerAll();
        queued.Dequeue().Execute();
        _store.MultiGets[1].AnswerAll();

        Assert.Equal(["a"], await first);
        Assert.Equal(["b"], await second);
        Assert.Equal(["c"], await third);
        Assert.Empty(queued);
    }

    [Fact]
    public async Task DisposeAsync_WhileAMultiGetHasItsTurnStillBeforeIt_FailsItsReads()
    {
        var queued = new Queue<IThreadPoolWorkItem>();
        var coalescer = new OnlineReadCoalescer(_store, new OnlineReadCoalescerOptions(), _time, NullLogger<OnlineReadCoalescer>.Instance)
        {
            IsPoolBusy = static () => true,
            Queue = queued.Enqueue,
        };
        var call = Read(coalescer, "a");

        await coalescer.DisposeAsync();
        queued.Dequeue().Execute();

        Assert.Equal([null], await call);
        Assert.Empty(_store.MultiGets);
    }

    private OnlineReadCoalescer Create(Action<OnlineReadCoalescerOptions>? configure = null)
    {
        var options = new OnlineReadCoalescerOptions();
        configure?.Invoke(options);
        return new OnlineReadCoalescer(_store, options, _time, NullLogger<OnlineReadCoalescer>.Instance) { IsPoolBusy = static () => false };
    }

    private static Task<string?[]> Read(OnlineReadCoalescer coalescer, params string[] keys) => Read(coalescer, Timeout.InfiniteTimeSpan, keys);

    /// <returns>The text of each answer; <see langword="null"/> where it is unavailable.</returns>
    private static async Task<string?[]> Read(OnlineReadCoalescer coalescer, TimeSpan timeout, params string[] keys)
    {
        var answers = new OnlineReadAnswer[keys.Length];
        Assert.True(await coalescer.TryReadAsync([.. keys.Select(Key)], answers, timeout, Cancellation));
        return [.. answers.Select(static answer => answer.IsAvailable ? Encoding.UTF8.GetString(answer.Payloads[0]!.Value.Span) : null)];
    }

    private static OnlineReadKey Key(string key) => new(Id(key), Fields);

    private static EntityId Id(string key) => new("default", "customer", key);

    internal static StorageField Field(string view) => StorageField.Of(
        new LastValueView
        {
            Project = "default",
            Name = view,
            Entity = new Entity { Name = "customer", Keys = [new EntityKey("customer_id", FeatureType.String)] },
            Source = new ViewSource { Table = "customers", EventTimeColumn = "time", KeyColumns = ["customer_id"] },
            Features =
            [
                new LastValueFeature(new FeatureField("value", FeatureType.Int64, FeatureValue.Null(FeatureType.Int64), false), "value"),
            ],
        },
        hasIntegerEventId: false);
}
