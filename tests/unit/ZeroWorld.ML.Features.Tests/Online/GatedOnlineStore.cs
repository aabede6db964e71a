namespace ZeroWorld.ML.Features.Tests;

/// <summary>A store that holds every multi-get until the test answers it.</summary>
internal sealed class GatedOnlineStore : IOnlineStore
{
    private readonly Lock _lock = new();
    private readonly List<MultiGet> _multiGets = [];

    /// <summary>When set, multi-gets fail at once with it instead of waiting.</summary>
    public Exception? Fault { get; set; }

    public IReadOnlyList<MultiGet> MultiGets
    {
        get
        {
            lock (_lock)
            {
                return [.. _multiGets];
            }
        }
    }

    public async ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        var multiGet = new MultiGet(reads);
        lock (_lock)
        {
            _multiGets.Add(multiGet);
        }

        if (Fault is not null)
        {
            throw Fault;
        }

        await multiGet.Ended.Task.WaitAsync(cancellationToken);
    }

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal sealed class MultiGet(IReadOnlyList<OnlineRead> reads)
    {
        // The coalescer goes on within the test's thread, so that a test never waits for it.
        public TaskCompletionSource Ended { get; } = new();

        public IReadOnlyList<OnlineRead> Reads { get; } = reads;

        public IEnumerable<string> Keys => Reads.Select(static read => read.Entity.Key);

        /// <summary>Answers one read with the text of its key; the others go on waiting.</summary>
        public void Answer(int index) => Reads[index].Answer([System.Text.Encoding.UTF8.GetBytes(Reads[index].Entity.Key)]);

        /// <summary>Answers what is pending, and ends the multi-get.</summary>
        public void AnswerAll()
        {
            for (var index = 0; index < Reads.Count; index++)
            {
                if (Reads[index].State == OnlineReadState.Pending)
                {
                    Answer(index);
                }
            }

            Ended.SetResult();
        }

        /// <summary>As a store does that was silent until its time was over.</summary>
        public void FailAll()
        {
            foreach (var read in Reads)
            {
                read.FailSilent();
            }

            Ended.SetResult();
        }
    }
}
