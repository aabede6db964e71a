namespace ZeroWorld.ML.Features;

/// <summary>What a table holds of one view, open for reading: how much it is, then its bytes. For one thread at a time.</summary>
public interface IViewHistory : IAsyncDisposable
{
    /// <value>How much history there is, without the rows that are quarantined or have a null key.</value>
    SourceExtent Extent { get; }

    /// <summary>Streams the encoded events of a windowed view, entity by entity and partition by partition, ready to be appended online.</summary>
    /// <param name="range">Which events, by arrival.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the table does not fit the stored form of the view.</exception>
    IAsyncEnumerable<HistoryBatch<WindowAppend>> ReadEventsAsync(MaterializationRange range, CancellationToken cancellationToken);

    /// <summary>Streams the newest row per entity of a last-value view, partition by partition, ready to be written online.</summary>
    /// <remarks>Ahead of the partitions come rows that need not be the newest of their entities, which the store tells apart: it is written to while the table is read.</remarks>
    /// <param name="range">Which rows, by arrival.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the table does not fit the stored form of the view.</exception>
    IAsyncEnumerable<HistoryBatch<OnlineRowWrite>> ReadRowsAsync(MaterializationRange range, CancellationToken cancellationToken);
}
