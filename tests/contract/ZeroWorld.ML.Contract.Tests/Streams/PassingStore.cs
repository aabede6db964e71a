namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A store that passes everything on: what a test does otherwise, it overrides.</summary>
internal abstract class PassingStore(IOnlineStore store) : IOnlineStore
{
    public virtual Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) => store.WriteRowsAsync(field, rows, cancellationToken);

    public virtual Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        store.AppendEventsAsync(field, appends, trim, cancellationToken);

    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => store.ReadAsync(reads, cancellationToken);

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        store.DeleteEntityAsync(entity, fields, until, cancellationToken);

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => store.ClearAsync(field, keepArrivedAfter, cancellationToken);

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => store.ReadCoverageAsync(field, cancellationToken);

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) =>
        store.WriteCoverageAsync(field, coverage, cancellationToken);

    /// <summary>The store belongs to the test.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
