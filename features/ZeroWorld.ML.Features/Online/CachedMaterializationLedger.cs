namespace ZeroWorld.ML.Features;

/// <summary>The ledger of a store that is read through a cache: what a materialization of this process writes is seen by every read that begins after it.</summary>
/// <remarks>Thread safe. What other processes write is seen when entries age, as always.</remarks>
/// <param name="cache">In front of <paramref name="store"/>; disposed by its owner.</param>
/// <param name="store">Where the rows and the ledger are; disposed by its owner.</param>
public sealed class CachedMaterializationLedger(OnlineReadCache cache, IMaterializationLedger store) : IMaterializationLedger
{
    /// <inheritdoc/>
    public Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken) => store.ReadLedgerAsync(field, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken) =>
        store.TryReplaceLedgerAsync(field, expected, replacement, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken) => store.ReadServersAsync(field, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryMarkAsync(
        StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken) =>
        store.TryMarkAsync(field, servers, partitions, mark, validUntil, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken) =>
        store.ReadMarksAsync(field, places, cancellationToken);

    /// <inheritdoc/>
    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return cache.WriteAsync(rows, static row => row.Entity, () => store.WriteRowsAsync(field, rows, validUntil, cancellationToken));
    }

    /// <inheritdoc/>
    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(appends);
        return cache.WriteAsync(appends, static append => append.Entity, () => store.AppendEventsAsync(field, appends, trim, wholeUntil, validUntil, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => cache.ReadAsync(reads, cancellationToken);

    /// <inheritdoc/>
    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) => cache.WriteRowsAsync(field, rows, cancellationToken);

    /// <inheritdoc/>
    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        cache.AppendEventsAsync(field, appends, trim, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        cache.DeleteEntityAsync(entity, fields, until, cancellationToken);

    /// <inheritdoc/>
    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => cache.ClearAsync(field, keepArrivedAfter, cancellationToken);

    /// <inheritdoc/>
    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => cache.ReadCoverageAsync(field, cancellationToken);

    /// <inheritdoc/>
    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => cache.WriteCoverageAsync(field, coverage, cancellationToken);

    /// <summary>Does nothing: cache and store belong to others.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
