namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>The store as a process sees it that is held up before its second write.</summary>
internal sealed class SleepingStore(InMemoryOnlineStore store, TaskCompletionSource asleep, Task wake, bool isCutOff = false) : IMaterializationLedger
{
    private int _writes;

    public async Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken)
    {
        if (++_writes == 2)
        {
            asleep.SetResult();
            await wake;
            if (isCutOff)
            {
                throw new FeatureException(FeatureError.StoreUnavailable, "The connection broke off.");
            }
        }

        await store.WriteRowsAsync(field, rows, validUntil, cancellationToken);
    }

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken) =>
        store.AppendEventsAsync(field, appends, trim, wholeUntil, validUntil, cancellationToken);

    public Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken) => store.ReadLedgerAsync(field, cancellationToken);

    public Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken) =>
        store.TryReplaceLedgerAsync(field, expected, replacement, cancellationToken);

    public Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken) => store.ReadServersAsync(field, cancellationToken);

    public Task<bool> TryMarkAsync(
        StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken) =>
        store.TryMarkAsync(field, servers, partitions, mark, validUntil, cancellationToken);

    public Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken) =>
        store.ReadMarksAsync(field, places, cancellationToken);

    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken) => store.ReadAsync(reads, cancellationToken);

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) => store.WriteRowsAsync(field, rows, cancellationToken);

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        store.AppendEventsAsync(field, appends, trim, cancellationToken);

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        store.DeleteEntityAsync(entity, fields, until, cancellationToken);

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) => store.ClearAsync(field, keepArrivedAfter, cancellationToken);

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => store.ReadCoverageAsync(field, cancellationToken);

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => store.WriteCoverageAsync(field, coverage, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
