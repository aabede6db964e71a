using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>Calls whose reads are answered together go on together.</summary>
public sealed class OnlineReadGroupTests
{
    private static readonly StorageField[] Fields = [OnlineReadCoalescerTests.Field("first")];

    private readonly GatedOnlineStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryDefer_OutsideAGroup_IsRefused()
    {
        var work = new CountedWork(1);

        // A test may begin where the one before it ended, and that may be within a group.
        Assert.False(await Task.Run(() => OnlineReadGroup.TryDefer(work), TestContext.Current.CancellationToken));
        Assert.Equal(0, work.Executed);
    }

    [Fact]
    public async Task TryDefer_CallsAnsweredTogether_ExecutesTheWorkOnceBehindTheLastOfThem()
    {
        await using var coalescer = Create();
        var work = new CountedWork(expected: 1);
        var calls = await WaitBehindOneAsync(coalescer, work, 5);

        AnswerTogether(_store.MultiGets[1]);
        await work.Done.WaitAsync(Cancellation);
        await Task.WhenAll(calls).WaitAsync(Cancellation);

        Assert.Equal([5], work.CallsBefore);
        Assert.All(await Task.WhenAll(calls), Assert.True);
        Assert.Single(work.Threads);
    }

    [Fact]
    public async Task TryDefer_MoreCallsThanAGroupTakes_FormSeveralGroups()
    {
        await using var coalescer = Create();
        var work = new CountedWork(expected: 3);
        var calls = await WaitBehindOneAsync(coalescer, work, 70);

        AnswerTogether(_store.MultiGets[1]);
        await work.Done.WaitAsync(Cancellation);

        Assert.All(await Task.WhenAll(calls).WaitAsync(Cancellation), Assert.True);
        Assert.Equal(3, work.Executed);
    }

    [Fact]
    public async Task TryDefer_MoreCallsThanAGroupTakesWhileThePoolHasOtherWork_FormOneGroup()
    {
        var (work, isBusy) = (new CountedWork(expected: 1), false);
        await using var coalescer = Create(() => Volatile.Read(ref isBusy));
        var calls = await WaitBehindOneAsync(coalescer, work, 150);
        Volatile.Write(ref isBusy, true);

        AnswerTogether(_store.MultiGets[1]);
        await work.Done.WaitAsync(Cancellation);

        Assert.All(await Task.WhenAll(calls).WaitAsync(Cancellation), Assert.True);
        Assert.Equal([150], work.CallsBefore);
    }

    [Fact]
    public async Task Answer_SomeOfTheReadsFail_EachCallHearsOfItsOwn()
    {
        await using var coalescer = Create();
        var answers = new OnlineReadAnswer[2];
        var others = new OnlineReadAnswer[1];
        var first = coalescer.TryReadAsync([Key("sent")], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation).AsTask();
        var both = coalescer.TryReadAsync([Key("a"), Key("b")], answers, Timeout.InfiniteTimeSpan, Cancellation).AsTask();
        var one = coalescer.TryReadAsync([Key("c")], others, Timeout.InfiniteTimeSpan, Cancellation).AsTask();
        _store.MultiGets[0].AnswerAll();

        var reads = _store.MultiGets[1].Reads;
        OnlineRead.Answer([.. reads], [Payload("a"), null, Payload("c")]);
        _store.MultiGets[1].Ended.SetResult();
        await Task.WhenAll(first, both, one).WaitAsync(Cancellation);

        Assert.Equal([true, false], answers.Select(static answer => answer.IsAvailable));
        Assert.Equal("c", Encoding.UTF8.GetString(others[0].Payloads[0]!.Value.Span));
        Assert.Equal([OnlineReadState.Answered, OnlineReadState.Unavailable, OnlineReadState.Answered], reads.Select(static read => read.State));
    }

    [Fact]
    public async Task TryReadAsync_BehindAMultiGetThatIsPartlyAnswered_IsNotHeldBack()
    {
        await using var coalescer = Create();
        var answers = new OnlineReadAnswer[2];
        var first = coalescer.TryReadAsync([Key("a"), Key("slow")], answers, Timeout.InfiniteTimeSpan, Cancellation).AsTask();
        var held = coalescer.TryReadAsync([Key("b")], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation).AsTask();
        Assert.Single(_store.MultiGets);

        // A part has come: what is missing lies on a slower server.
        _store.MultiGets[0].Answer(0);
        var next = coalescer.TryReadAsync([Key("c")], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation).AsTask();

        Assert.Equal(["b", "c"], _store.MultiGets[1].Keys);
        _store.MultiGets[1].AnswerAll();
        await Task.WhenAll(held, next).WaitAsync(Cancellation);
        Assert.False(first.IsCompleted);
        _store.MultiGets[0].AnswerAll();
        await first.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task TryReadAsync_HeldBackBehindAMultiGet_IsSentBeforeThatOnesCallersAreTold()
    {
        await using var coalescer = Create();
        var sentWhenTold = -1;
        var first = ThenCountAsync(coalescer.TryReadAsync([Key("sent")], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation));
        var held = coalescer.TryReadAsync([Key("held")], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation).AsTask();

        AnswerTogether(_store.MultiGets[0]);
        await first.WaitAsync(Cancellation);

        Assert.Equal(2, sentWhenTold);
        _store.MultiGets[1].AnswerAll();
        await held.WaitAsync(Cancellation);

        async Task ThenCountAsync(ValueTask<bool> call)
        {
            await call.ConfigureAwait(false);
            sentWhenTold = _store.MultiGets.Count;
        }
    }

    [Fact]
    public void Answer_PayloadsOfAnotherNumber_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => OnlineRead.Answer([new OnlineRead(new EntityId("default", "customer", "a"), Fields)], []));

    /// <summary>Calls for different entities, of which all wait for one multi-get; each defers the work when it goes on.</summary>
    private async Task<List<Task<bool>>> WaitBehindOneAsync(OnlineReadCoalescer coalescer, CountedWork work, int count)
    {
        var first = coalescer.TryReadAsync([Key("sent")], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation).AsTask();
        var calls = Enumerable.Range(0, count).Select(index => DeferAsync(coalescer, work, $"{index}")).ToList();
        _store.MultiGets[0].AnswerAll();
        await first.WaitAsync(Cancellation);
        Assert.Equal(count, _store.MultiGets[1].Reads.Count);
        return calls;
    }

    private static async Task<bool> DeferAsync(OnlineReadCoalescer coalescer, CountedWork work, string key)
    {
        await coalescer.TryReadAsync([Key(key)], new OnlineReadAnswer[1], Timeout.InfiniteTimeSpan, Cancellation).ConfigureAwait(false);
        work.Arrive();
        return OnlineReadGroup.TryDefer(work);
    }

    private static void AnswerTogether(GatedOnlineStore.MultiGet multiGet)
    {
        OnlineRead.Answer([.. multiGet.Reads], [.. multiGet.Reads.Select(static read => Payload(read.Entity.Key))]);
        multiGet.Ended.SetResult();
    }

    private static ReadOnlyMemory<byte>?[] Payload(string text) => [Encoding.UTF8.GetBytes(text)];

    private static OnlineReadKey Key(string key) => new(new EntityId("default", "customer", key), Fields);

    private OnlineReadCoalescer Create(Func<bool>? isPoolBusy = null) =>
        new(_store, new OnlineReadCoalescerOptions { MultiGetsInFlight = 1 }, new FakeTimeProvider(), NullLogger<OnlineReadCoalescer>.Instance) { IsPoolBusy = isPoolBusy ?? (static () => false) };

    private sealed class CountedWork(int expected) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _arrived;
        private int _executed;

        public Task Done => _done.Task;

        public int Executed => Volatile.Read(ref _executed);

        /// <summary>Calls that had gone on when it was executed.</summary>
        public ConcurrentQueue<int> CallsBefore { get; } = [];

        public ConcurrentDictionary<int, bool> Threads { get; } = [];

        public void Arrive()
        {
            Interlocked.Increment(ref _arrived);
            Threads[Environment.CurrentManagedThreadId] = true;
        }

        public void Execute()
        {
            CallsBefore.Enqueue(Volatile.Read(ref _arrived));
            if (Interlocked.Increment(ref _executed) == expected)
            {
                _done.TrySetResult();
            }
        }
    }
}
