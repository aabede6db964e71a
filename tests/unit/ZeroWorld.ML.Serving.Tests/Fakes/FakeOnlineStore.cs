using System.Collections.Concurrent;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Rows and blocks in memory, with a gate and a switch.</summary>
internal sealed class FakeOnlineStore : IOnlineStore
{
    private readonly ConcurrentDictionary<(string Entity, string Key, string Field), byte[]> _payloads = [];
    private readonly ConcurrentDictionary<string, ViewCoverage> _coverage = [];

    /// <summary>Keys that were read, in order.</summary>
    public ConcurrentQueue<string> Reads { get; } = [];

    public bool IsDown { get; set; }

    /// <summary>Reads wait for it.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public void Put(StorageField field, string key, byte[] bytes)
    {
        _payloads[(field.View.Entity.Name, key, field.Name)] = bytes;
        _coverage[field.Name] = new ViewCoverage(long.MinValue, long.MaxValue);
    }

    public void Cover(StorageField field, ViewCoverage? coverage)
    {
        if (coverage is null)
        {
            _coverage.TryRemove(field.Name, out _);
        }
        else
        {
            _coverage[field.Name] = coverage;
        }
    }

    public async ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        foreach (var read in reads)
        {
            Reads.Enqueue($"{read.Entity.Entity}/{read.Entity.Key}");
        }

        await Gate.WaitAsync(cancellationToken);
        OnlineRead.Answer([.. reads], [.. reads.Select(read => IsDown
            ? null
            : read.Fields.Select(field =>
                _payloads.TryGetValue((read.Entity.Entity, read.Entity.Key, field.Name), out var bytes) ? bytes : (ReadOnlyMemory<byte>?)null).ToArray())]);
    }

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) => throw new NotSupportedException("Serving writes no features.");

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Serving writes no features.");

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) => IsDown
        ? Task.FromException<ViewCoverage?>(new FeatureException(FeatureError.StoreUnavailable, "The store is down."))
        : Task.FromResult(_coverage.GetValueOrDefault(field.Name));

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken) => throw new NotSupportedException("Serving writes no features.");

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Serving writes no features.");

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Serving writes no features.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
