namespace ZeroWorld.ML.Features.Tests;

public sealed partial class OnlineReadCoalescerTests
{
    [Fact]
    public async Task TryReadAsync_AfterFailuresInARow_OpensTheCircuitAndProbes()
    {
        await using var coalescer = Create(static options =>
        {
            options.FailuresToOpen = 3;
            options.OpenDuration = TimeSpan.FromMilliseconds(250);
        });
        for (var failure = 0; failure < 3; failure++)
        {
            Assert.False(coalescer.IsCircuitOpen);
            var call = Read(coalescer, "a");
            _store.MultiGets[failure].FailAll();
            Assert.Equal([null], await call);
        }

        Assert.True(coalescer.IsCircuitOpen);
        Assert.Equal([null], await Read(coalescer, "a"));
        _time.Advance(TimeSpan.FromMilliseconds(249));
        Assert.Equal([null], await Read(coalescer, "a"));
        Assert.Equal(3, _store.MultiGets.Count);

        // One probe that fails, then one that is answered.
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var probe = Read(coalescer, "a");
        Assert.Equal([null], await Read(coalescer, "a"));
        _store.MultiGets[3].FailAll();
        Assert.Equal([null], await probe);
        Assert.True(coalescer.IsCircuitOpen);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        probe = Read(coalescer, "a");
        _store.MultiGets[4].AnswerAll();

        Assert.Equal(["a"], await probe);
        Assert.False(coalescer.IsCircuitOpen);
    }

    [Fact]
    public async Task TryReadAsync_WhenTheCircuitOpens_FailsWhatIsCollecting()
    {
        await using var coalescer = Create(static options =>
        {
            (options.MultiGetsInFlight, options.FailuresToOpen) = (1, 1);
        });
        var sent = Read(coalescer, "a");
        var collecting = Read(coalescer, "b");

        _store.MultiGets[0].FailAll();

        Assert.Equal([null], await sent);
        Assert.Equal([null], await collecting);
        Assert.Single(_store.MultiGets);
    }

    [Fact]
    public async Task TryReadAsync_WithAnAnswerAmongFailures_KeepsTheCircuitClosed()
    {
        await using var coalescer = Create(static options => options.FailuresToOpen = 2);
        for (var round = 0; round < 5; round++)
        {
            var failing = Read(coalescer, "a");
            _store.MultiGets[^1].FailAll();
            await failing;
            var partial = Read(coalescer, "a", "b");
            _store.MultiGets[^1].Answer(0);
            _store.MultiGets[^1].Reads[1].Fail();
            _store.MultiGets[^1].Ended.SetResult();
            Assert.Equal(["a", null], await partial);
        }

        Assert.False(coalescer.IsCircuitOpen);
    }

    // As those are that lie on a shard which is gone: requests for it must not fail those for the others.
    [Fact]
    public async Task TryReadAsync_OfReadsThatFailAtOnce_KeepsTheCircuitClosed()
    {
        await using var coalescer = Create(static options => options.FailuresToOpen = 1);

        for (var round = 0; round < 10; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var failing = Read(coalescer, "a");
            foreach (var read in _store.MultiGets[^1].Reads)
            {
                read.Fail();
            }

            _store.MultiGets[^1].Ended.SetResult();
            Assert.Equal([null], await failing);
        }

        Assert.False(coalescer.IsCircuitOpen);
        Assert.Equal(10, _store.MultiGets.Count);
    }

    [Fact]
    public async Task TryReadAsync_OfAStoreThatThrows_IsUnavailable()
    {
        await using var coalescer = Create();
        _store.Fault = new InvalidOperationException("A store that breaks its promise.");

        Assert.Equal([null], await Read(coalescer, "a"));
    }

    [Fact]
    public async Task DisposeAsync_WithReadsWaiting_FailsThem()
    {
        var coalescer = Create(static options => options.MultiGetsInFlight = 1);
        var (sent, collecting) = (Read(coalescer, "a"), Read(coalescer, "b"));

        await coalescer.DisposeAsync();

        Assert.Equal([null], await sent);
        Assert.Equal([null], await collecting);
        Assert.Equal([null], await Read(coalescer, "c"));
    }
}
