using Xunit;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class DecisionLoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task RunAsync_QueueIsFull_RefusesAtOnceAndDecidesTheOthersInOrder()
    {
        var order = new List<int>();
        using var gate = new Gate();
        await using var loop = new DecisionLoop(2);
        var first = loop.RunAsync(() => gate.Pass(0, order), CancellationToken.None);
        await gate.Entered.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Task<int>[] waiting = [loop.RunAsync(() => gate.Pass(1, order), CancellationToken.None), loop.RunAsync(() => gate.Pass(2, order), CancellationToken.None)];

        var refused = await Assert.ThrowsAsync<ServingException>(() => loop.RunAsync(() => 3, CancellationToken.None));
        gate.Open();
        var answers = await Task.WhenAll([first, .. waiting]).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal(ServingError.Overloaded, refused.Error);
        Assert.Equal([0, 1, 2], answers);
        Assert.Equal([0, 1, 2], order);
    }

    [Fact]
    public async Task RunAsync_CallerLeavesWhileItWaits_IsNotDecidedFor()
    {
        var order = new List<int>();
        using var gate = new Gate();
        using var leaving = new CancellationTokenSource();
        await using var loop = new DecisionLoop(2);
        var first = loop.RunAsync(() => gate.Pass(0, order), CancellationToken.None);
        await gate.Entered.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var gone = loop.RunAsync(() => gate.Pass(1, order), leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.WaitAsync(Patience, TestContext.Current.CancellationToken));
        gate.Open();
        await first.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await loop.RunAsync(() => gate.Pass(2, order), CancellationToken.None).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal([0, 2], order);
    }

    [Fact]
    public async Task RunAsync_WorkFails_FailsForItsCallerAlone()
    {
        await using var loop = new DecisionLoop(2);

        await Assert.ThrowsAsync<FormatException>(() => loop.RunAsync<int>(static () => throw new FormatException(), CancellationToken.None));

        Assert.Equal(1, await loop.RunAsync(static () => 1, CancellationToken.None).WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RunAsync_AfterDispose_SaysThatTheModelMadeRoom()
    {
        var loop = new DecisionLoop(2);
        await loop.DisposeAsync();

        Assert.Equal(ServingError.ModelNotReady, (await Assert.ThrowsAsync<ServingException>(() => loop.RunAsync(static () => 1, CancellationToken.None))).Error);
    }

    // Holds up the first that passes until it is opened.
    private sealed class Gate : IDisposable
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new();

        public Task Entered => _entered.Task;

        public void Open() => _open.Set();

        public int Pass(int place, List<int> order)
        {
            _entered.TrySetResult();
            _open.Wait(Patience, CancellationToken.None);
            order.Add(place);
            return place;
        }

        public void Dispose() => _open.Dispose();
    }
}
