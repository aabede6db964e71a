using System.Threading.Channels;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Decides for a model that only a runtime can score, away from the threads of requests: the texts that wait are scored together, then decided about one after the other.</summary>
/// <remarks>Thread safe; one loop runs the work. At most as many items wait as there is room for; a further one is refused at once.</remarks>
internal sealed class DecisionLoop : IAsyncDisposable
{
    private readonly Channel<Turn> _queue;
    private readonly int _capacity;
    private readonly TextWorkspace _workspace = new();
    private readonly Task _loop;
    private volatile bool _isClosed;

    /// <param name="capacity">Items that may wait, 1 or more.</param>
    public DecisionLoop(int capacity)
    {
        _capacity = capacity;
        _queue = Channel.CreateBounded<Turn>(new BoundedChannelOptions(capacity) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Scores the text and runs the work when its turn comes. A caller that leaves while it waits is not decided for; once it runs, it runs to its end.</summary>
    /// <param name="model">The one model of this loop.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: as many wait as may; <see cref="ServingError.ModelNotReady"/>: the model has made room for another one.</exception>
    public async Task<T> RunAsync<T>(ITextModel model, string text, Func<ScoredText, T> work, CancellationToken cancellationToken)
    {
        var turn = new Turn<T>(model, text, work, cancellationToken);
        if (!_queue.Writer.TryWrite(turn))
        {
            throw _isClosed
                ? new ServingException(ServingError.ModelNotReady, "The model of texts has made room for another one; ask again.")
                : new ServingException(ServingError.Overloaded, $"{_capacity} items wait for this model of texts, as many as may (Moderation:QueueCapacity); ask again later.");
        }

        await using var registration = cancellationToken.UnsafeRegister(static state => ((Turn)state!).TryLeave(), turn).ConfigureAwait(false);
        return await turn.Answer.ConfigureAwait(false);
    }

    /// <summary>Takes no more work, then waits until what waits has run.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var batch = new List<Turn>(TokenModel.BatchRowsMax);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < TokenModel.BatchRowsMax && _queue.Reader.TryRead(out var turn))
            {
                if (turn.TryTake())
                {
                    batch.Add(turn);
                }
            }

            if (batch.Count > 0)
            {
                Run(batch);
                batch.Clear();
            }
        }
    }

    private void Run(IReadOnlyList<Turn> batch)
    {
        IReadOnlyList<ScoredText> scored;
        try
        {
            scored = batch[0].Model.ScoreMany([.. batch.Select(static turn => turn.Text)], _workspace);
        }
        catch (Exception exception)
        {
            // The loop lives on. What one text fails with is its caller's, who reports it: which one that is, each alone shows.
            if (batch.Count == 1)
            {
                batch[0].Fail(exception);
                return;
            }

            foreach (var turn in batch)
            {
                Run([turn]);
            }

            return;
        }

        for (var place = 0; place < batch.Count; place++)
        {
            batch[place].Run(scored[place]);
        }
    }

    private abstract class Turn(ITextModel model, string text)
    {
        private int _isTaken;

        public ITextModel Model => model;

        public string Text => text;

        public abstract void Run(ScoredText scored);

        public abstract void Fail(Exception exception);

        public abstract void TryLeave();

        // Whoever is first: the loop, or the caller that leaves.
        public bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;
    }

    private sealed class Turn<T>(ITextModel model, string text, Func<ScoredText, T> work, CancellationToken cancellationToken) : Turn(model, text)
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Answer => _answer.Task;

        public override void Run(ScoredText scored)
        {
            try
            {
                _answer.SetResult(work(scored));
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }

        public override void Fail(Exception exception) => _answer.SetException(exception);

        public override void TryLeave()
        {
            if (TryTake())
            {
                _answer.SetCanceled(cancellationToken);
            }
        }
    }
}
