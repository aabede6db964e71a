namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>An online store in memory that keeps bytes as they come, and can fail in the middle.</summary>
internal sealed class InMemoryOnlineStore : IOnlineStore
{
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
        Write(field, rows.Select(static row => (row.Entity, row.Row)));

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
    {
        Trims.Add(trim);
        return Write(field, appends.Select(append => (append.Entity, field.IsHop
            ? HopBlockMerge.Merge(field, Bytes.GetValueOrDefault((field.Name, append.Entity)), append.Block.Span, Math.Max(trim, append.Trim), long.MinValue)
            : append.Block)));
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
