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

    /// <summary>As <see cref="IOnlineStore.WriteRowsAsync"/>, as long as the store's clock has not passed a moment.</summary>
    /// <param name="validUntil">Microseconds since the epoch, by the store's clock.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>: it has passed; rows written later than that are not stored.</exception>
    Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken);

    /// <summary>As <see cref="IOnlineStore.AppendEventsAsync"/>, as long as the store's clock has not passed a moment.</summary>
    /// <inheritdoc cref="WriteRowsAsync(StorageField, IReadOnlyList{OnlineRowWrite}, long, CancellationToken)"/>
    Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long validUntil, CancellationToken cancellationToken);
}

/// <param name="Text">The ledger as <see cref="MaterializationLedger"/> writes it; <see langword="null"/>: there is none.</param>
/// <param name="Now">The store's clock, microseconds since the epoch.</param>
public sealed record StoredLedger(string? Text, long Now);
