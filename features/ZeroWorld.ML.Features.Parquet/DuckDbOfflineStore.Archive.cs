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
}
