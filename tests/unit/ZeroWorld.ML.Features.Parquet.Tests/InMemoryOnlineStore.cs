namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>An online store in memory that keeps the greater row and merges events, and can fail in the middle.</summary>
internal sealed class InMemoryOnlineStore : IMaterializationLedger
{
    public Dictionary<string, string> Ledgers { get; } = [];

    /// <summary>What a server is told from itself by, after it was started again.</summary>
    public string Run { get; set; } = "first";

    public Dictionary<(string Field, int Partition), long> Marks { get; } = [];

    /// <summary>Called before each change of a ledger: may throw, as a process does that is killed.</summary>
    public Action<int> OnLedgerChange { get; set; } = static _ => { };

    private int _ledgerChanges;
    private int _writes;

    public Dictionary<(string Field, EntityId Entity), byte[]> Bytes { get; } = [];

    public Dictionary<string, ViewCoverage> Coverages { get; } = [];

    public List<long> Trims { get; } = [];

    /// <summary>Batches that are accepted before the store fails.</summary>
    public int BatchesUntilFailure { get; set; } = int.MaxValue;

    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        foreach (var read in reads)
        {
            read.Answer([.. read.Fields.Select(field => Bytes.TryGetValue((field.Name, read.Entity), out var bytes) ? bytes : (ReadOnlyMemory<byte>?)null)]);
        }

        return ValueTask.CompletedTask;
    }

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) =>
        Write(field, rows.Where(row => IsGreater(field, row)).Select(static row => (row.Entity, row.Row)));

    private bool IsGreater(StorageField field, OnlineRowWrite row)
    {
        if (!Bytes.TryGetValue((field.Name, row.Entity), out var held))
        {
            return true;
        }

        Assert.True(OnlineRowCodec.TryReadHeader(field, held, out var oldEvent, out var oldCreated, out _) & OnlineRowCodec.TryReadHeader(field, row.Row.Span, out var newEvent, out var newCreated, out _));
        return (newEvent, newCreated).CompareTo((oldEvent, oldCreated)) >= 0;
    }

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        AppendAsync(field, appends, trim, wholeUntil: null);

    private Task AppendAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil)
    {
        Trims.Add(trim);
        return Write(field, appends.Select(append => (append.Entity, field.IsHop
            ? (ReadOnlyMemory<byte>)HopBlockMerge.Merge(field, Bytes.GetValueOrDefault((field.Name, append.Entity)), append.Block.Span, Math.Max(trim, append.Trim), long.MinValue)
            : (ReadOnlyMemory<byte>)WindowBlockMerge.Merge(field, Bytes.GetValueOrDefault((field.Name, append.Entity)), append.Block.Span, Math.Max(trim, append.Trim), ((WindowedView)field.View).EventsMax, wholeUntil))));
    }

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) =>
        Task.FromResult(Coverages.GetValueOrDefault(field.Name));

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken)
    {
        Coverages[field.Name] = coverage;
        return Task.CompletedTask;
    }

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only materializations are tested here.");

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken)
    {
        Coverages.Remove(field.Name);
        foreach (var key in Bytes.Keys.Where(key => key.Field == field.Name).ToList())
        {
            Bytes.Remove(key);
        }

        return Task.CompletedTask;
    }

    public Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken) =>
        Task.FromResult(new StoredLedger(Ledgers.GetValueOrDefault(field.Name), UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + Skew)));

    /// <summary>How far the store's clock is ahead.</summary>
    public TimeSpan Skew { get; set; }

    public Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoreServer>>([new StoreServer(0, Run)]);

    public Task<bool> TryMarkAsync(
        StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken)
    {
        Assert.All(servers, static server => Assert.Equal(0, server.Place));
        var isSame = servers.All(server => server.Run == Run);
        foreach (var partition in isSame ? partitions : [])
        {
            Marks[(field.Name, partition)] = Math.Max(mark, Marks.GetValueOrDefault((field.Name, partition)));
        }

        return Task.FromResult(isSame);
    }

    public Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<long>>(
        [.. Enumerable.Range(0, MaterializationLedger.PartitionCount).Select(partition => places.Count == 0 ? long.MaxValue : Marks.GetValueOrDefault((field.Name, partition), long.MinValue))]);

    public Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken)
    {
        OnLedgerChange(_ledgerChanges++);
        if (Ledgers.GetValueOrDefault(field.Name) != expected)
        {
            return Task.FromResult(false);
        }

        Ledgers[field.Name] = replacement;
        return Task.FromResult(true);
    }

    /// <summary>Called with the number of a materialization's write, from 1, before it is looked at: as long as it is not over, the write lies with its writer.</summary>
    public Func<int, Task> OnWrite { get; set; } = static _ => Task.CompletedTask;

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken) =>
        TakeAsync(validUntil, () => WriteRowsAsync(field, rows, cancellationToken));

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken) =>
        TakeAsync(validUntil, () => AppendAsync(field, appends, trim, wholeUntil));

    private async Task TakeAsync(long validUntil, Func<Task> write)
    {
        await OnWrite(Interlocked.Increment(ref _writes));
        Task written;

        // Writers that were held up together go on together.
        lock (Bytes)
        {
            written = IsOver(validUntil) ?? write();
        }

        await written;
    }

    private Task? IsOver(long validUntil) => UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + Skew) > validUntil
        ? Task.FromException(new FeatureException(FeatureError.Superseded, "The turn is over."))
        : null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task Write(StorageField field, IEnumerable<(EntityId Entity, ReadOnlyMemory<byte> Bytes)> writes)
    {
        if (BatchesUntilFailure-- == 0)
        {
            return Task.FromException(new FeatureException(FeatureError.StoreUnavailable, "The store went away."));
        }

        foreach (var (entity, bytes) in writes)
        {
            Bytes[(field.Name, entity)] = bytes.ToArray();
        }

        return Task.CompletedTask;
    }
}
