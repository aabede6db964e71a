namespace ZeroWorld.ML.Features.Parquet;

public sealed partial class DuckDbOfflineStore : IEventArchive
{
    /// <inheritdoc/>
    public Task AppendAsync(string project, string table, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(columns);
        return RunAsync(
            session =>
            {
                try
                {
                    TableAppender.Append(session, _tables, project, table, columns, _time.GetUtcNow(), cancellationToken);
                    return true;
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw new FeatureException(FeatureError.StoreUnavailable, $"Events could not be appended to table '{table}': {exception.Message}", exception);
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<TableErasure> EraseAsync(TableErasureRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return RunAsync(
            session =>
            {
                var eraser = new TableEraser(session, _tables, request, cancellationToken);
                try
                {
                    return TableEraser.TablesOf(request).Select(eraser.Erase).Aggregate(new TableErasure(0, 0), static (sum, table) => new TableErasure(sum.Rows + table.Rows, sum.Files + table.Files));
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw new FeatureException(FeatureError.StoreUnavailable, $"The tables of entity '{request.Entity}' could not be written anew: {exception.Message}. Repeat the deletion.", exception);
                }
            },
            cancellationToken);
    }
}
