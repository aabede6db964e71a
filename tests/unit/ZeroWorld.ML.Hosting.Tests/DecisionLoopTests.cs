using Xunit;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

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
        var first = loop.RunAsync(new Model(), "", _ => gate.Pass(0, order), CancellationToken.None);
        await gate.Entered.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Task<int>[] waiting = [loop.RunAsync(new Model(), "", _ => gate.Pass(1, order), CancellationToken.None), loop.RunAsync(new Model(), "", _ => gate.Pass(2, order), CancellationToken.None)];

        var refused = await Assert.ThrowsAsync<ServingException>(() => loop.RunAsync(new Model(), "", _ => 3, CancellationToken.None));
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
        var first = loop.RunAsync(new Model(), "", _ => gate.Pass(0, order), CancellationToken.None);
        await gate.Entered.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var gone = loop.RunAsync(new Model(), "", _ => gate.Pass(1, order), leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.WaitAsync(Patience, TestContext.Current.CancellationToken));
        gate.Open();
        await first.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await loop.RunAsync(new Model(), "", _ => gate.Pass(2, order), CancellationToken.None).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal([0, 2], order);
    }

    [Fact]
    public async Task RunAsync_WorkFails_FailsForItsCallerAlone()
    {
        await using var loop = new DecisionLoop(2);

        await Assert.ThrowsAsync<FormatException>(() => loop.RunAsync<int>(new Model(), "", static _ => throw new FormatException(), CancellationToken.None));

        Assert.Equal(1, await loop.RunAsync(new Model(), "", static _ => 1, CancellationToken.None).WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RunAsync_AfterDispose_SaysThatTheModelMadeRoom()
    {
        var loop = new DecisionLoop(2);
        await loop.DisposeAsync();

        Assert.Equal(ServingError.ModelNotReady, (await Assert.ThrowsAsync<ServingException>(() => loop.RunAsync(new Model(), "", static _ => 1, CancellationToken.None))).Error);
    }

    [Fact]
    public async Task RunAsync_TextsThatWait_AreScoredInOneRun()
    {
        var model = new Model();
        using var gate = new Gate();
        await using var loop = new DecisionLoop(40);
        var first = loop.RunAsync(model, "first", _ => gate.Pass(0, []), CancellationToken.None);
        await gate.Entered.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Task<ScoredText>[] waiting = [.. Enumerable.Range(0, 40).Select(place => loop.RunAsync(model, $"{place}", static scored => scored, CancellationToken.None))];

        gate.Open();
        await first.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var scored = await Task.WhenAll(waiting).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal([1, TokenModel.BatchRowsMax, 40 - TokenModel.BatchRowsMax], model.Runs);
        Assert.Equal(Enumerable.Range(0, 40).Select(static place => (float)place), scored.Select(static one => one.Probabilities[0]));
    }

    [Fact]
    public async Task RunAsync_ModelFailsAtOneOfManyTexts_FailsForItsCallerAlone()
    {
        var model = new Model();
        using var gate = new Gate();
        await using var loop = new DecisionLoop(3);
        var first = loop.RunAsync(model, "first", _ => gate.Pass(0, []), CancellationToken.None);
        await gate.Entered.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Task<ScoredText>[] waiting = [.. new[] { "1", Model.Broken, "3" }.Select(text => loop.RunAsync(model, text, static scored => scored, CancellationToken.None))];

        gate.Open();
        await first.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal(1, (await waiting[0].WaitAsync(Patience, TestContext.Current.CancellationToken)).Probabilities[0]);
        await Assert.ThrowsAsync<FormatException>(() => waiting[1].WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(3, (await waiting[2].WaitAsync(Patience, TestContext.Current.CancellationToken)).Probabilities[0]);
    }

    // Gives a text that is a number that number, and keeps how many texts each run had.
    private sealed class Model : ITextModel
    {
        public const string Broken = "broken";

        public List<int> Runs { get; } = [];

        public IReadOnlyList<string> Labels => ["any"];

        public string? Build => "a runtime";

        public ScoredText Score(string text, TextWorkspace workspace) => ScoreMany([text], workspace)[0];

        public IReadOnlyList<ScoredText> ScoreMany(IReadOnlyList<string> texts, TextWorkspace workspace)
        {
            Runs.Add(texts.Count);
            return [.. texts.Select(static text => text == Broken ? throw new FormatException() : new ScoredText([float.TryParse(text, out var number) ? number : 0], false))];
        }

        public IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace) => [];
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
