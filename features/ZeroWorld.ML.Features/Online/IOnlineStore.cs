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
    /// touched by it. Nothing but cancellation is thrown. It ends as soon as all are answered: callers may be told only then.
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
    /// <param name="appends">
    /// Encoded blocks of the new events, or of an entity's history (<see cref="HopBlockMerge"/>); one entity at most once. When the task has ended well, the caller may use their
    /// memory for something else.
    /// </param>
    /// <param name="trim">Events at or before this event time (microseconds) are dropped; <see cref="long.MinValue"/> drops none.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: some events may have been written; repeating is safe.</exception>
    Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken);

    /// <summary>Deletes an entity: its rows, and its events in windows, at or before a time. They never come back, whoever writes them again.</summary>
    /// <remarks>
    /// Atomic: no read and no write of the entity sees a part of it. What happened later stays. A deletion with an earlier time changes nothing. A store may
    /// forget the deletion of an entity of which nothing is left after a day: then the <see cref="ErasureList"/> alone holds writers to it.
    /// </remarks>
    /// <param name="entity">Whose rows and events.</param>
    /// <param name="fields">The stored forms of the entity's views: all of precision <c>hop</c> must be among them, others need not.</param>
    /// <param name="until">Event time, microseconds since the epoch, inclusive.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.StoreUnavailable"/>: repeating is safe. <see cref="FeatureError.InvalidInput"/>: the store holds tiles of a view that is not
    /// among the fields; nothing was deleted.
    /// </exception>
    Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken);

    /// <summary>Forgets what is stored of one view: its coverage is <see cref="ViewCoverage.NothingYet"/> while its rows or blocks go, and gone at the end.</summary>
    /// <remarks>For a source table that was replaced: what the store holds of the old one must not be merged with the new. Deletions of entities stay.</remarks>
    /// <param name="field">The stored form of one view.</param>
    /// <param name="keepArrivedAfter">Rows and events with a later max(event, created) stay: they were pushed, no import has them. <see cref="long.MaxValue"/>: nothing stays.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: some of it may be left; repeating is safe.</exception>
    Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken);

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
/// <param name="Block">The new events as a block of their own (<see cref="WindowBlockCodec"/>), sorted, without repeated ids; or a whole history as tiles.</param>
public readonly record struct WindowAppend(EntityId Entity, ReadOnlyMemory<byte> Block)
{
    /// <value>Events of this entity at or before this event time (microseconds) are dropped, beside the trim of the call. <see cref="long.MinValue"/>, the default: none.</value>
    public long Trim { get; init; } = long.MinValue;
}

/// <param name="From">Every event with a greater event time (microseconds) was given; <see cref="long.MinValue"/>: all there are.</param>
/// <param name="To">Events that arrived until this moment (microseconds) were given.</param>
/// <param name="Generation">Which import of the source table they are of, as <see cref="SourceExtent.Generation"/> says; empty where that is not known.</param>
public sealed record ViewCoverage(long From, long To, string Generation = "")
{
    /// <summary>Whether the view may be read: its first materialization, or its first of this import, has ended.</summary>
    public bool IsReadable => From != long.MaxValue;

    /// <summary>The coverage of a view that is being cleared or filled: its features are UNAVAILABLE.</summary>
    /// <param name="to">What arrived until then may be in the store, of whatever import; what arrived later was pushed.</param>
    public static ViewCoverage NothingYet(long to, string generation) => new(long.MaxValue, to, generation);
}
