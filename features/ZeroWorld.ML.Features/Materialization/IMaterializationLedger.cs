namespace ZeroWorld.ML.Features;

/// <summary>An online store that remembers what was materialized into it, and refuses the writes of a materialization that lost its turn.</summary>
/// <remarks>The ledger lies with the rows: a store that was wiped has neither. Thread safe.</remarks>
public interface IMaterializationLedger : IOnlineStore
{
    /// <summary>The ledger of a view as text, and what time the store has.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken);

    /// <summary>Replaces the ledger if it is as it was read.</summary>
    /// <param name="expected">The text that was read; <see langword="null"/>: there was none.</param>
    /// <returns><see langword="false"/> when it is another by now; nothing changed.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken);

    /// <summary>The servers that take rows, as they run now.</summary>
    /// <remarks>A server that is started again, or whose place another takes, may have lost the newest of what it had acknowledged; the others have not.</remarks>
    /// <returns>None: the store loses nothing alone.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: also when one of them does not answer.</exception>
    Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken);

    /// <summary>Marks partitions on each server, behind all that the server has taken so far: while the mark is there, so is that.</summary>
    /// <param name="servers">As they were before the first of the rows was written.</param>
    /// <param name="partitions">May be none: then it is only asked whether the servers still are those.</param>
    /// <param name="mark">Greater than every mark before.</param>
    /// <param name="validUntil">As of the writes.</param>
    /// <returns><see langword="false"/> when a server was started again since, or another took its place: some of the rows may be gone.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>, <see cref="FeatureError.Superseded"/>.</exception>
    Task<bool> TryMarkAsync(
        StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken);

    /// <summary>The least mark that each partition has on some servers.</summary>
    /// <param name="places">The servers, by where they are marked.</param>
    /// <returns>By partition; <see cref="long.MinValue"/>: one of them has none. Where there are no places <see cref="long.MaxValue"/>.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken);

    /// <summary>As <see cref="IOnlineStore.WriteRowsAsync"/>, as long as the store's clock has not passed a moment.</summary>
    /// <param name="validUntil">Microseconds since the epoch, by the store's clock.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>: it has passed; rows written later than that are not stored.</exception>
    Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken);

    /// <summary>As <see cref="IOnlineStore.AppendEventsAsync"/>, as long as the store's clock has not passed a moment.</summary>
    /// <param name="wholeUntil">
    /// Where the events are all that the view's history has of their entities: until when they arrived. A block that was trimmed shorter than the history is, as for a window that is longer now, takes
    /// its older events, as far as it was trimmed at or before this time. <see langword="null"/>: they are some of them.
    /// </param>
    /// <inheritdoc cref="WriteRowsAsync(StorageField, IReadOnlyList{OnlineRowWrite}, long, CancellationToken)"/>
    Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken);
}

/// <param name="Text">The ledger as <see cref="MaterializationLedger"/> writes it; <see langword="null"/>: there is none.</param>
/// <param name="Now">The store's clock, microseconds since the epoch.</param>
public sealed record StoredLedger(string? Text, long Now);

/// <summary>A server of an online store, as long as it runs.</summary>
/// <param name="Place">Where it is marked: a number whose key lies on it.</param>
/// <param name="Run">What no other server has, and none that was started again; empty where the server does not tell.</param>
public sealed record StoreServer(int Place, string Run);
