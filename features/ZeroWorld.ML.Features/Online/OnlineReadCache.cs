using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features;

/// <summary>An online store behind a cache of what was read from it, bounded by entries, bytes and age.</summary>
/// <remarks>
/// What the bytes mean at a moment q is decided by their reader, as without the cache: an entry is what the store held at most <see cref="OnlineReadCacheOptions.AgeMax"/> ago, absence
/// included. Writes and deletions through this object are seen by every read that begins after them, also while other reads of the entity are on their way. A view whose coverage
/// says that it was cleared or made of another import takes all entries with it. Reads of one key at one moment are one read where <see cref="OnlineReadCoalescer"/> is in front.
/// <para>Thread safety: every member may be called from any thread.</para>
/// </remarks>
public sealed class OnlineReadCache : IOnlineStore
{
    // A power of two. Entities that share one invalidate each other now and then, and nothing else.
    private const int StripesCount = 1 << 16;

    private readonly IOnlineStore _store;
    private readonly OnlineReadCacheOptions _options;
    private readonly TimeProvider _time;
    private readonly int[] _stripes = new int[StripesCount];
    private readonly Dictionary<(string Project, string Field), string?> _generations = [];

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;
    private int _epoch;

    /// <param name="store">The store; disposed with this.</param>
    /// <param name="options">Bounds; <see cref="OnlineReadCacheOptions.EntriesMax"/> is 1 or more.</param>
    /// <param name="time">The clock of ages.</param>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public OnlineReadCache(IOnlineStore store, OnlineReadCacheOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.EntriesMax, 1);
        _store = store;
        _options = options;
        _time = time;
    }

    /// <summary>Entries at this moment, never more than the options say.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reads);
        cancellationToken.ThrowIfCancellationRequested();
        List<OnlineRead>? missing = null;
        List<OnlineRead>? found = null;
        List<IReadOnlyList<ReadOnlyMemory<byte>?>?>? answers = null;
        for (var index = 0; index < reads.Count; index++)
        {
            if (TryFind(reads[index]) is { } payloads)
            {
                reads[index].IsCached = true;
                (found ??= []).Add(reads[index]);
                (answers ??= []).Add(payloads);
            }
            else
            {
                // The version is that of before the read: what is written meanwhile makes the entry old before it is there.
                (missing ??= []).Add(new ForwardedRead(this, reads[index], VersionOf(reads[index].Entity)));
            }
        }

        if (found is not null)
        {
            OnlineRead.Answer(CollectionsMarshal.AsSpan(found), CollectionsMarshal.AsSpan(answers));
        }

        FeatureMetrics.RecordCache(reads.Count - (missing?.Count ?? 0), missing?.Count ?? 0);
        return missing is null ? ValueTask.CompletedTask : _store.ReadAsync(missing, cancellationToken);
    }

    /// <inheritdoc/>
    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return WriteAsync(rows, static row => row.Entity, () => _store.WriteRowsAsync(field, rows, cancellationToken));
    }

    /// <inheritdoc/>
    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(appends);
        return WriteAsync(appends, static append => append.Entity, () => _store.AppendEventsAsync(field, appends, trim, cancellationToken));
    }

    /// <inheritdoc/>
    public Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken) =>
        WriteAsync([entity], static item => item, () => _store.DeleteEntityAsync(entity, fields, until, cancellationToken));

    /// <inheritdoc/>
    public async Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken)
    {
        InvalidateAll();
        try
        {
            await _store.ClearAsync(field, keepArrivedAfter, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            InvalidateAll();
        }
    }

    /// <inheritdoc/>
    public async Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        var coverage = await _store.ReadCoverageAsync(field, cancellationToken).ConfigureAwait(false);
        OnCoverage(field, coverage);
        return coverage;
    }

    /// <inheritdoc/>
    public async Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        await _store.WriteCoverageAsync(field, coverage, cancellationToken).ConfigureAwait(false);
        OnCoverage(field, coverage);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    /// <returns>Bytes per field when all are here and young enough.</returns>
    private ReadOnlyMemory<byte>?[]? TryFind(OnlineRead read)
    {
        var fields = read.Fields;
        var version = VersionOf(read.Entity);
        ReadOnlyMemory<byte>?[]? payloads = null;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            for (var index = 0; index < fields.Count; index++)
            {
                if (!_entries.TryGetValue(new Key(read.Entity, fields[index].Name), out var node))
                {
                    return null;
                }

                if (node.Value.Version != version || node.Value.Epoch != _epoch || _time.GetElapsedTime(node.Value.Read, now) > _options.AgeMax)
                {
                    Remove_NeedsLock(node);
                    return null;
                }

                (payloads ??= new ReadOnlyMemory<byte>?[fields.Count])[index] = node.Value.Payload;
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }
        }

        return payloads;
    }

    private void Add(ForwardedRead read)
    {
        lock (_lock)
        {
            // Old already: another read that sees it would only remove it.
            if (read.Epoch != _epoch || read.Version != VersionOf(read.Entity))
            {
                return;
            }

            for (var index = 0; index < read.Fields.Count; index++)
            {
                var key = new Key(read.Entity, read.Fields[index].Name);
                if (_entries.TryGetValue(key, out var known))
                {
                    Remove_NeedsLock(known);
                }

                var entry = new Entry(key, Keep(read, index), read.Version, read.Epoch, read.Began);
                _entries.Add(key, _byUse.AddFirst(entry));
                _bytes += entry.Bytes;
            }

            while (_entries.Count > _options.EntriesMax || (_bytes > _options.BytesMax && _entries.Count > 0))
            {
                Remove_NeedsLock(_byUse.Last!);
            }
        }
    }

    /// <summary>A payload in memory that stays.</summary>
    private static ReadOnlyMemory<byte>? Keep(OnlineRead read, int index) => read.Memory is null ? read.Payloads[index] : read.Payloads[index]?.ToArray();

    private void Remove_NeedsLock(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
    }

    private void OnCoverage(StorageField field, ViewCoverage? coverage)
    {
        // Whatever is not a readable coverage is one: the rows are going.
        var generation = coverage is { IsReadable: true } ? coverage.Generation : null;
        lock (_lock)
        {
            var key = (field.View.Project, field.Name);
            if (_generations.TryGetValue(key, out var known) && known != generation)
            {
                InvalidateAll_NeedsLock();
            }

            _generations[key] = generation;
        }
    }

    /// <summary>Writes to the store of some entities; every read of them that begins afterwards sees it.</summary>
    internal async Task WriteAsync<T>(IReadOnlyList<T> writes, Func<T, EntityId> entityOf, Func<Task> write)
    {
        Invalidate(writes, entityOf);
        try
        {
            await write().ConfigureAwait(false);
        }
        finally
        {
            // Also when it failed: some may have been written.
            Invalidate(writes, entityOf);
        }
    }

    private void Invalidate<T>(IReadOnlyList<T> writes, Func<T, EntityId> entityOf)
    {
        for (var index = 0; index < writes.Count; index++)
        {
            Invalidate(entityOf(writes[index]));
        }
    }

    private void Invalidate(in EntityId entity) => Interlocked.Increment(ref _stripes[StripeOf(entity)]);

    private void InvalidateAll()
    {
        lock (_lock)
        {
            InvalidateAll_NeedsLock();
        }
    }

    private void InvalidateAll_NeedsLock()
    {
        _epoch++;
        _entries.Clear();
        _byUse.Clear();
        _bytes = 0;
    }

    private int VersionOf(in EntityId entity) => Volatile.Read(ref _stripes[StripeOf(entity)]);

    private static int StripeOf(in EntityId entity) => string.GetHashCode(entity.Key, StringComparison.Ordinal) & (StripesCount - 1);

    /// <summary>A read on its way through; answers the one that was asked for as soon as it is answered itself.</summary>
    private sealed class ForwardedRead(OnlineReadCache cache, OnlineRead outer, int version) : OnlineRead(outer.Entity, outer.Fields)
    {
        private readonly OnlineRead _outer = outer;

        public int Version { get; } = version;

        public int Epoch { get; } = Volatile.Read(ref cache._epoch);

        public long Began { get; } = cache._time.GetTimestamp();

        private protected override void OnFinished()
        {
            if (State != OnlineReadState.Answered)
            {
                if (IsStoreSilent)
                {
                    _outer.FailSilent();
                }
                else
                {
                    _outer.Fail();
                }

                return;
            }

            cache.Add(this);
            Answer([_outer], [Payloads], Memory);
        }

        private protected override void OnFinished(ReadOnlySpan<OnlineRead> together)
        {
            var outers = new OnlineRead[together.Length];
            var payloads = new IReadOnlyList<ReadOnlyMemory<byte>?>?[together.Length];
            OnlineReadMemory? memory = null;
            for (var index = 0; index < outers.Length; index++)
            {
                var read = (ForwardedRead)together[index];
                outers[index] = read._outer;
                if (read.State == OnlineReadState.Answered)
                {
                    cache.Add(read);
                    payloads[index] = read.Payloads;
                    memory = read.Memory;
                }
            }

            Answer(outers, payloads, memory);
        }
    }

    private readonly record struct Key(EntityId Entity, string Field)
    {
        public bool Equals(Key other) => Field == other.Field && Entity == other.Entity;

        public override int GetHashCode() => string.GetHashCode(Entity.Key, StringComparison.Ordinal) ^ string.GetHashCode(Field, StringComparison.Ordinal);
    }

    /// <param name="Payload"><see langword="null"/>: the store has none.</param>
    /// <param name="Read">Timestamp at which the read began.</param>
    private sealed record Entry(Key Key, ReadOnlyMemory<byte>? Payload, int Version, int Epoch, long Read)
    {
        public long Bytes => Payload?.Length ?? 0;
    }
}
