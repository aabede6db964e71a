namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A history in local copies of a table's files, which go with it.</summary>
/// <param name="history">Of the copies; disposed here.</param>
/// <param name="folder">Where they lie; disposed here.</param>
internal sealed class S3ViewHistory(IViewHistory history, IDisposable folder) : IViewHistory
{
    /// <inheritdoc/>
    public SourceExtent Extent => history.Extent;

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryBatch<WindowAppend>> ReadEventsAsync(MaterializationRange range, CancellationToken cancellationToken) => history.ReadEventsAsync(range, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryBatch<OnlineRowWrite>> ReadRowsAsync(MaterializationRange range, CancellationToken cancellationToken) => history.ReadRowsAsync(range, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await history.DisposeAsync().ConfigureAwait(false);
        folder.Dispose();
    }
}
