namespace ZeroWorld.ML.Features.Parquet;

public sealed partial class S3OfflineStore : IEventArchive
{
    /// <inheritdoc/>
    public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(columns);
        return RunAsync(
            project,
            [],
            async (store, folder) =>
            {
                await store.AppendAsync(project, table, columns, cancellationToken).ConfigureAwait(false);
                await _tables.AppendAsync(project, table, folder.FilesOf(project, table).Single(), cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
    }
}
