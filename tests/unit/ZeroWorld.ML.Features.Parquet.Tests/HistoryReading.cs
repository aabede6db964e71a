using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What an offline store holds of a view, opened for one question.</summary>
internal static class HistoryReading
{
    public static async Task<SourceExtent> ReadExtentAsync(this IOfflineStore store, FeatureView view, CancellationToken cancellationToken)
    {
        await using var history = await store.OpenHistoryAsync(StorageField.Of(view, hasIntegerEventId: true), cancellationToken).ConfigureAwait(false);
        return history.Extent;
    }

    public static IAsyncEnumerable<HistoryBatch<WindowAppend>> ReadEventsAsync(this IOfflineStore store, StorageField field, MaterializationRange range, CancellationToken cancellationToken) =>
        ReadAsync(store, field, history => history.ReadEventsAsync(range, cancellationToken), cancellationToken);

    public static IAsyncEnumerable<HistoryBatch<OnlineRowWrite>> ReadRowsAsync(this IOfflineStore store, StorageField field, MaterializationRange range, CancellationToken cancellationToken) =>
        ReadAsync(store, field, history => history.ReadRowsAsync(range, cancellationToken), cancellationToken);

    /// <summary>All blocks, as texts that can be compared; partitions come in order, the entities of one in any.</summary>
    public static async Task<List<string>> TextsAsync(IAsyncEnumerable<HistoryBatch<WindowAppend>> batches)
    {
        var texts = new List<string>();
        await foreach (var batch in batches)
        {
            texts.AddRange(batch.Items.Select(static item => $"{item.Entity.Key} {Convert.ToHexString(item.Block.Span)}"));
        }

        return [.. texts.Order(StringComparer.Ordinal)];
    }

    private static async IAsyncEnumerable<T> ReadAsync<T>(
        IOfflineStore store, StorageField field, Func<IViewHistory, IAsyncEnumerable<T>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var history = await store.OpenHistoryAsync(field, cancellationToken).ConfigureAwait(false);
        await foreach (var batch in read(history).ConfigureAwait(false))
        {
            yield return batch;
        }
    }
}
