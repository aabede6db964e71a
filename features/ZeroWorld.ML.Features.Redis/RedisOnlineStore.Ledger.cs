using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

public sealed partial class RedisOnlineStore
{
    /// <inheritdoc/>
    public Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        return RunAsync(
            async database =>
            {
                var answer = (RedisResult[])(await RedisScripts.ReadLedger.EvaluateAsync(
                    database, [RedisKeys.Ledger(field.View.Project)], [field.Name]).ConfigureAwait(false))!;
                return new StoredLedger(answer[0].IsNull ? null : (string)answer[0]!, ((long)answer[1] * 1_000_000) + (long)answer[2]);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        return RunWriteAsync(
            async database => (int)await RedisScripts.ReplaceLedger.EvaluateAsync(
                database, [RedisKeys.Ledger(field.View.Project)], [field.Name, expected ?? "", replacement]).ConfigureAwait(false) == 1,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        return RunAsync(database => new RedisServerMarks(database, field).ReadServersAsync(_connection.IsCluster), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TryMarkAsync(
        StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(servers);
        ArgumentNullException.ThrowIfNull(partitions);
        return RunWriteAsync(database => new RedisServerMarks(database, field).TryMarkAsync(servers, partitions, mark, validUntil), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(places);
        return RunAsync(database => new RedisServerMarks(database, field).ReadMarksAsync(places), cancellationToken);
    }

    /// <inheritdoc/>
    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken) =>
        WriteRowsAsync(field, rows, (long?)validUntil, cancellationToken);

    /// <inheritdoc/>
    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken) =>
        AppendAsync(field, appends, trim, wholeUntil, validUntil, cancellationToken);
}
