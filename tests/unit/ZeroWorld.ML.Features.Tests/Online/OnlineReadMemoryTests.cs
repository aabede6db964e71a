using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>Payloads in rented memory: it goes back when the last call that looks at them has said so, and never before.</summary>
public sealed class OnlineReadMemoryTests
{
    private static readonly StorageField[] Fields = [OnlineReadCoalescerTests.Field("first")];

    private readonly GatedOnlineStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Release_TwoCallsOfOneRead_GoesBackAfterTheLastOfThem()
    {
        await using var coalescer = new OnlineReadCoalescer(_store, new OnlineReadCoalescerOptions(), new FakeTimeProvider(), NullLogger<OnlineReadCoalescer>.Instance) { IsPoolBusy = static () => false };
        var (first, second) = (new OnlineReadAnswer[1], new OnlineReadAnswer[1]);
        var calls = new[] { ReadAsync(coalescer, first), ReadAsync(coalescer, second) };
        var memory = Answer(_store.MultiGets[0].Reads);
        _store.MultiGets[0].Ended.SetResult();
        await Task.WhenAll(calls).WaitAsync(Cancellation);

        var held = memory.Holds;
        first[0].Release();
        var heldByOne = memory.Holds;
        var text = Encoding.UTF8.GetString(second[0].Payloads[0]!.Value.Span);
        second[0].Release();

        Assert.Equal((2, 1, 0), (held, heldByOne, memory.Holds));
        Assert.Equal("a", text);
    }

    [Fact]
    public async Task Release_ACallThatGaveUp_HoldsNothingAndTheOthersGoOn()
    {
        var time = new FakeTimeProvider();
        await using var coalescer = new OnlineReadCoalescer(_store, new OnlineReadCoalescerOptions(), time, NullLogger<OnlineReadCoalescer>.Instance) { IsPoolBusy = static () => false };
        var (patient, hasty) = (new OnlineReadAnswer[1], new OnlineReadAnswer[1]);
        var waits = ReadAsync(coalescer, patient);
        var leaves = coalescer.TryReadAsync([Key()], hasty, TimeSpan.FromMilliseconds(1), Cancellation).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(10));
        await leaves.WaitAsync(Cancellation);

        var memory = Answer(_store.MultiGets[0].Reads);
        _store.MultiGets[0].Ended.SetResult();
        await waits.WaitAsync(Cancellation);

        Assert.False(hasty[0].IsAvailable);
        hasty[0].Release();
        Assert.Equal(1, memory.Holds);
        Assert.Equal("a", Encoding.UTF8.GetString(patient[0].Payloads[0]!.Value.Span));
    }

    [Fact]
    public void Answer_AReadOfItsOwn_KeepsItsHold()
    {
        var read = new OnlineRead(Key().Entity, Fields);

        var memory = Answer([read]);

        Assert.Equal(1, memory.Holds);
        Assert.Equal("a", Encoding.UTF8.GetString(read.Payloads[0]!.Value.Span));
    }

    [Fact]
    public async Task ReadAsync_ThroughTheCache_KeepsBytesOfItsOwn()
    {
        await using var cache = new OnlineReadCache(_store, new OnlineReadCacheOptions { EntriesMax = 10 }, new FakeTimeProvider());
        var read = new OnlineRead(Key().Entity, Fields);
        var reading = cache.ReadAsync([read], Cancellation).AsTask();
        var memory = Answer(_store.MultiGets[0].Reads);
        _store.MultiGets[0].Ended.SetResult();
        await reading.WaitAsync(Cancellation);

        // As the next user of the memory would.
        memory.Bytes.Span.Fill((byte)'?');
        var again = new OnlineRead(Key().Entity, Fields);
        await cache.ReadAsync([again], Cancellation);

        Assert.Equal("a", Encoding.UTF8.GetString(again.Payloads[0]!.Value.Span));
    }

    private static OnlineReadMemory Answer(IReadOnlyList<OnlineRead> reads)
    {
        var memory = OnlineReadMemory.Rent(reads.Count, reads.Count);
        for (var index = 0; index < reads.Count; index++)
        {
            memory.Bytes.Span[index] = (byte)reads[index].Entity.Key[0];
        }

        OnlineRead.Answer([.. reads], [.. reads.Select((_, index) => (IReadOnlyList<ReadOnlyMemory<byte>?>)[memory.Bytes.Slice(index, 1)])], memory);
        return memory;
    }

    private static Task<bool> ReadAsync(OnlineReadCoalescer coalescer, OnlineReadAnswer[] answers) =>
        coalescer.TryReadAsync([Key()], answers, Timeout.InfiniteTimeSpan, Cancellation).AsTask();

    private static OnlineReadKey Key() => new(new EntityId("default", "customer", "a"), Fields);
}
