namespace ZeroWorld.ML.Features;

/// <summary>The newest rows and window blocks, by entity.</summary>
/// <remarks>
/// The store moves bytes and keeps writes atomic; what the bytes mean is decided by <see cref="OnlineRowCodec"/> and <see cref="WindowBlockCodec"/>.
/// Thread safety: every member may be called from any thread at any time.
/// </remarks>
public interface IOnlineStore : IAsyncDisposable
{
    /// <summary>Sends all reads as one pipelined multi-get and fills in their answers.</summary>
    /// <remarks>
    /// A read that could not be answered (a dead shard, a broken connection) ends in <see cref="OnlineReadState.Unavailable"/>; the others are not
    /// touched by it. Nothing but cancellation is thrown.
    /// </remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled; reads not answered by then stay <see cref="OnlineReadState.Pending"/>.</exception>
    ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken);

    /// <summary>Writes rows; of two rows of one entity the greater (event time, created time, row hash) stays, atomically.</summary>
    /// <param name="field">The stored form of one last-value view.</param>
    /// <param name="rows">Encoded rows; one entity may occur more than once.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: some rows may have been written; repeating is safe.</exception>
    Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken);

    /// <summary>Adds events to the blocks of a windowed view; a repeated event id changes nothing.</summary>
    /// <param name="field">The stored form of one windowed view.</param>
    /// <param name="appends">Encoded blocks of the new events; one entity at most once.</param>
    /// <param name="trim">Events at or before this event time (microseconds) are dropped; <see cref="long.MinValue"/> drops none.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: some events may have been written; repeating is safe.</exception>
    Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken);

    /// <summary>Which part of a view's events this store was given; <see langword="null"/> when it was never materialized here.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken);

    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken);
}

/// <param name="Entity">Whose row it is.</param>
/// <param name="Row">The row as <see cref="OnlineRowCodec"/> writes it.</param>
public readonly record struct OnlineRowWrite(EntityId Entity, ReadOnlyMemory<byte> Row);

/// <param name="Entity">Whose events these are.</param>
/// <param name="Block">The new events as a block of their own (<see cref="WindowBlockCodec"/>), sorted, without repeated ids.</param>
public readonly record struct WindowAppend(EntityId Entity, ReadOnlyMemory<byte> Block);

/// <param name="From">Every event with a greater event time (microseconds) was given; <see cref="long.MinValue"/>: all there are.</param>
/// <param name="To">Events that arrived until this moment (microseconds) were given.</param>
public sealed record ViewCoverage(long From, long To);
