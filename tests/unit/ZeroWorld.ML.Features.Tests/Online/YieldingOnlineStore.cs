using System.Text;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>A store that answers each read with the text of its key, from other threads and out of order.</summary>
internal sealed class YieldingOnlineStore : IOnlineStore
{
    public async ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        await Task.WhenAll(reads.Reverse().Select(static async read =>
        {
            await Task.Yield();
            read.Answer([Encoding.UTF8.GetBytes(read.Entity.Key)]);
        }));
    }

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Only reads are tested here.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
