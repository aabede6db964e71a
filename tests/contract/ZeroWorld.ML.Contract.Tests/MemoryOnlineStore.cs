using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>docs/formats/online-row.md in memory, as plainly as it can be said: what other stores are measured by.</summary>
internal sealed class MemoryOnlineStore : IMaterializationLedger
{
    private readonly ConcurrentDictionary<(EntityId Entity, string Field), byte[]> _payloads = new();
    private readonly ConcurrentDictionary<(string Project, string Field), ViewCoverage> _coverage = new();
    private readonly ConcurrentDictionary<EntityId, long> _deletions = new();
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<(string Project, string Field), string> _ledgers = new();

    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        foreach (var read in reads)
        {
            read.Answer([.. read.Fields.Select(field =>
                _payloads.TryGetValue((read.Entity, field.Name), out var bytes) ? bytes : (ReadOnlyMemory<byte>?)null)]);
        }

        return ValueTask.CompletedTask;
    }

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            foreach (var row in rows)
            {
                var key = (row.Entity, field.Name);
                Assert.True(OnlineRowCodec.TryReadHeader(field, row.Row.Span, out var eventTime, out _, out _));
                if (eventTime <= DeletedUntil(row.Entity))
                {
                    continue;
                }

                if (!_payloads.TryGetValue(key, out var held) || Compare(field, row.Row.Span, held) > 0)
                {
                    _payloads[key] = row.Row.ToArray();
                }
            }
        }

        return Task.CompletedTask;
    }

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        AppendAsync(field, appends, trim, wholeUntil: null);

    private Task AppendAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil)
    {
        lock (_writing)
        {
            foreach (var append in appends)
            {
                var key = (append.Entity, field.Name);
                var held = _payloads.GetValueOrDefault(key);
                _payloads[key] = field.IsHop
                    ? HopBlockMerge.Merge(field, held, append.Block.Span, Math.Max(trim, append.Trim), DeletedUntil(append.Entity))
                    : Merge(field, held, WindowBlockMerge.Forget(field, append.Block.Span, DeletedUntil(append.Entity)), Math.Max(trim, append.Trim), wholeUntil);
            }
        }

        return Task.CompletedTask;
    }

    public Task<StoredLedger> ReadLedgerAsync(StorageField field, CancellationToken cancellationToken) =>
        Task.FromResult(new StoredLedger(_ledgers.GetValueOrDefault((field.View.Project, field.Name)), UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow())));

    public Task<IReadOnlyList<StoreServer>> ReadServersAsync(StorageField field, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<StoreServer>>([]);

    public Task<bool> TryMarkAsync(
        StorageField field, IReadOnlyList<StoreServer> servers, IReadOnlyCollection<int> partitions, long mark, long validUntil, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<IReadOnlyList<long>> ReadMarksAsync(StorageField field, IReadOnlyList<int> places, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<long>>([.. Enumerable.Repeat(long.MaxValue, MaterializationLedger.PartitionCount)]);

    public Task<bool> TryReplaceLedgerAsync(StorageField field, string? expected, string replacement, CancellationToken cancellationToken)
    {
        var key = (field.View.Project, field.Name);
        return Task.FromResult(expected is null ? _ledgers.TryAdd(key, replacement) : _ledgers.TryUpdate(key, replacement, expected));
    }

    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long validUntil, CancellationToken cancellationToken) =>
        IsOver(validUntil) ?? WriteRowsAsync(field, rows, cancellationToken);

    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long validUntil, CancellationToken cancellationToken) =>
        IsOver(validUntil) ?? AppendAsync(field, appends, trim, wholeUntil);

    private static Task? IsOver(long validUntil) => UnixMicroseconds.FromDateTimeOffset(TimeProvider.System.GetUtcNow()) > validUntil
        ? Task.FromException(new FeatureException(FeatureError.Superseded, "The turn is over."))
        : null;

    public Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken) =>
        Task.FromResult(_coverage.GetValueOrDefault((field.View.Project, field.Name)));

    public Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken)
    {
        _coverage[(field.View.Project, field.Name)] = coverage;
        return Task.CompletedTask;
    }

    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            _deletions[entity] = Math.Max(until, DeletedUntil(entity));
            foreach (var field in fields)
            {
                if (!_payloads.TryGetValue((entity, field.Name), out var held))
                {
                    continue;
                }

                if (field.IsWindow)
                {
                    _payloads[(entity, field.Name)] = field.IsHop ? HopBlockMerge.Forget(field, held, until) : WindowBlockMerge.Forget(field, held, until);
                }
                else if (OnlineRowCodec.TryReadHeader(field, held, out var eventTime, out _, out _) && eventTime <= until)
                {
                    _payloads.TryRemove((entity, field.Name), out _);
                }
            }
        }

        return Task.CompletedTask;
    }

    public Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            _coverage.TryRemove((field.View.Project, field.Name), out _);
            foreach (var key in _payloads.Keys.Where(key => key.Field == field.Name))
            {
                var kept = KeepLater(field, _payloads[key], keepArrivedAfter);
                if (kept.Length == 0)
                {
                    _payloads.TryRemove(key, out _);
                }
                else
                {
                    _payloads[key] = kept;
                }
            }
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static byte[] KeepLater(StorageField field, byte[] held, long arrivedAfter)
    {
        if (field.IsHop)
        {
            return HopBlockMerge.KeepArrivedAfter(field, held, arrivedAfter);
        }

        if (!field.IsWindow)
        {
            return OnlineRowCodec.TryReadHeader(field, held, out var eventTime, out var createdTime, out _) && Math.Max(eventTime, createdTime) > arrivedAfter ? held : [];
        }

        var (events, coveredFrom) = Split(field, held);
        var kept = events.Where(row => Math.Max(TimeOf(row), BinaryPrimitives.ReadInt64LittleEndian(row.AsSpan(WindowBlockCodec.CreatedTimeOffset))) > arrivedAfter).ToList();
        var rowWidth = WindowBlockCodec.RowWidth(field);
        var block = new byte[WindowBlockCodec.HeaderLength];
        WindowBlockCodec.WriteHeader(block, field, rowWidth, kept.Count, coveredFrom);
        return kept.Count == 0 ? [] : [.. block, .. kept.SelectMany(static row => row)];
    }

    private long DeletedUntil(EntityId entity) => _deletions.TryGetValue(entity, out var until) ? until : long.MinValue;

    private static int Compare(StorageField field, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Assert.True(OnlineRowCodec.TryReadHeader(field, left, out var leftEvent, out var leftCreated, out var leftBody));
        Assert.True(OnlineRowCodec.TryReadHeader(field, right, out var rightEvent, out var rightCreated, out var rightBody));
        var byTime = (leftEvent, leftCreated).CompareTo((rightEvent, rightCreated));
        return byTime != 0 ? byTime : string.CompareOrdinal(OnlineRowCodec.HashBody(left[leftBody..]), OnlineRowCodec.HashBody(right[rightBody..]));
    }

    private static byte[] Merge(StorageField field, byte[]? held, ReadOnlySpan<byte> added, long trim, long? wholeUntil)
    {
        var (events, coveredFrom) = held is null ? ([], long.MinValue) : Split(field, held);
        var (newEvents, newCoveredFrom) = Split(field, added);
        if (coveredFrom <= wholeUntil)
        {
            coveredFrom = Math.Max(newCoveredFrom, trim);
        }

        foreach (var row in newEvents)
        {
            if (TimeOf(row) > coveredFrom && !events.Any(known => IdOf(field, known).SequenceEqual(IdOf(field, row))))
            {
                events.Add(row);
            }
        }

        coveredFrom = Math.Max(coveredFrom, Math.Max(newCoveredFrom, trim));
        events = [.. events
            .OrderBy(TimeOf)
            .ThenBy(static row => BinaryPrimitives.ReadInt64LittleEndian(row.AsSpan(WindowBlockCodec.CreatedTimeOffset)))
            .ThenBy(row => Convert.ToHexString(IdOf(field, row)), StringComparer.Ordinal)];
        events.RemoveAll(row => TimeOf(row) <= coveredFrom);
        var eventsMax = ((WindowedView)field.View).EventsMax;
        while (events.Count > eventsMax)
        {
            coveredFrom = TimeOf(events[0]);
            events.RemoveAll(row => TimeOf(row) <= coveredFrom);
        }

        var rowWidth = WindowBlockCodec.RowWidth(field);
        var block = new byte[WindowBlockCodec.HeaderLength + (events.Count * rowWidth)];
        WindowBlockCodec.WriteHeader(block, field, rowWidth, events.Count, coveredFrom);
        for (var index = 0; index < events.Count; index++)
        {
            events[index].CopyTo(block, WindowBlockCodec.HeaderLength + (index * rowWidth));
        }

        return block;
    }

    private static (List<byte[]> Events, long CoveredFrom) Split(StorageField field, ReadOnlySpan<byte> block)
    {
        var rowWidth = WindowBlockCodec.RowWidth(field);
        Assert.True(WindowBlockCodec.TryReadHeader(block, field.Fingerprint, rowWidth, out var count, out var coveredFrom));
        var events = new List<byte[]>();
        for (var index = 0; index < count; index++)
        {
            events.Add(block.Slice(WindowBlockCodec.HeaderLength + (index * rowWidth), rowWidth).ToArray());
        }

        return (events, coveredFrom);
    }

    private static long TimeOf(byte[] row) => BinaryPrimitives.ReadInt64LittleEndian(row);

    private static ReadOnlySpan<byte> IdOf(StorageField field, byte[] row) => row.AsSpan(WindowBlockCodec.EventIdOffset, field.EventIdWidth);
}
