using System.Threading.Channels;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Decides for a model that only a runtime can score, one item after the other, away from the threads of requests.</summary>
/// <remarks>Thread safe; one loop runs the work. At most as many items wait as there is room for; a further one is refused at once.</remarks>
internal sealed class DecisionLoop : IAsyncDisposable
{
    private readonly Channel<Turn> _queue;
    private readonly int _capacity;
    private readonly Task _loop;
    private volatile bool _isClosed;

    /// <param name="capacity">Items that may wait, 1 or more.</param>
    public DecisionLoop(int capacity)
    {
        _capacity = capacity;
        _queue = Channel.CreateBounded<Turn>(new BoundedChannelOptions(capacity) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Runs the work when its turn comes. A caller that leaves while it waits is not decided for; once it runs, it runs to its end.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: as many wait as may; <see cref="ServingError.ModelNotReady"/>: the model has made room for another one.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        var turn = new Turn<T>(work, cancellationToken);
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
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_queue.Reader.TryRead(out var turn))
            {
                turn.Run();
            }
        }
    }

    private abstract class Turn
    {
        private int _isTaken;

        public abstract void Run();

        public abstract void TryLeave();

        // Whoever is first: the loop, or the caller that leaves.
        protected bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;
    }

    private sealed class Turn<T>(Func<T> work, CancellationToken cancellationToken) : Turn
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Answer => _answer.Task;

        public override void Run()
        {
            if (!TryTake())
            {
                return;
            }

            try
            {
                _answer.SetResult(work());
            }
            catch (Exception exception)
            {
                // The loop lives on: the failure is its caller's, who reports it.
                _answer.SetException(exception);
            }
        }

        public override void TryLeave()
        {
            if (TryTake())
            {
                _answer.SetCanceled(cancellationToken);
            }
        }
    }
}
