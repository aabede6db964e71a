using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>A Redis stream read by a consumer group: XREADGROUP, XACK, and XAUTOCLAIM for what members left behind that never came back.</summary>
/// <remarks>
/// An entry holds its event in the field <c>event</c>, or in its only field. What this member was given and did not see, since the answer was lost, is asked for
/// again. A dead letter and its acknowledgement are one step, where both topics lie on one slot. What is in hand is never given twice; where the store stands still
/// for so long that others would take it, it is claimed anew, so that it stays this member's.
/// </remarks>
internal sealed partial class RedisEventSource(
    EventStream stream, RedisConnection connection, Lazy<MemberName> member, RedisStreamOptions options, TimeProvider time, ILogger logger) : IEventSource
{
    // Between being read and being kept for the first time an entry lies for two such pauses at most.
    private const int KeepsPerClaimIdle = 4;
    private const int KeptMax = 1000;
    private const string EventField = "event";
    private const string New = ">";
    private const string Beginning = "0-0";
    private const int AcknowledgementsMax = 5000;
    private const int BatchBytesMax = 16 << 20;
    private const int FirstReadEventsMax = 128;

    private readonly RedisKey _topic = stream.Topic;
    private readonly List<string> _gone = [];
    private readonly EntriesInHand _inHand = new();
    private readonly CancellationTokenSource _end = new();
    private Task? _keeping;
    private bool _hasGroup;

    // A group that was made anew knows nothing of what is in hand.
    private bool _isGroupNew;

    // Entries given to this member are asked for again behind this one; null: new ones are read.
    private string? _recovery = Beginning;
    private string _lastRead = Beginning;
    private long _claimedAt = long.MinValue;

    // A claim looks at some entries only, most of which may be under way elsewhere: the next one goes on behind them.
    private RedisValue _claimFrom = Beginning;

    // A server answers with a number of entries, whatever their size: it is chosen by the size of those before.
    private int _entriesMax = FirstReadEventsMax;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken) => RunAsync(
        async database =>
        {
            await EnsureGroupAsync(database).ConfigureAwait(false);
            var started = time.GetTimestamp();
            while (true)
            {
                var entries = await ReadOnceAsync(database, eventsMax).ConfigureAwait(false);
                if (entries.Count > 0)
                {
                    return entries;
                }

                // The client sends all commands over one connection: a read that waits in the server would hold up everything else.
                var left = wait - time.GetElapsedTime(started);
                if (left <= TimeSpan.Zero)
                {
                    return entries;
                }

                await Task.Delay(left < options.PollPause ? left : options.PollPause, time, cancellationToken).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(deadLetters);
        return RunAsync(
            async database =>
            {
                await EnsureGroupAsync(database).ConfigureAwait(false);
                if (!_isGroupNew && IsOneSlot(database))
                {
                    await Task.WhenAll(deadLetters.Select(letter => AddOnceAsync(database, letter))).ConfigureAwait(false);
                }
                else
                {
                    // No script spans two slots of a cluster: letters first, so that none is lost.
                    await Task.WhenAll(deadLetters.Select(letter => AddAsync(database, letter))).ConfigureAwait(false);
                }

                await Task.WhenAll(events.Select(static item => (RedisValue)item.Position).Concat(_gone.Select(static id => (RedisValue)id))
                    .Chunk(AcknowledgementsMax).Select(chunk => database.StreamAcknowledgeAsync(_topic, stream.Group, chunk))).ConfigureAwait(false);
                _gone.Clear();
                _inHand.Remove(events);
                _isGroupNew &= _inHand.Count > 0;
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long?> ReadLagAsync(CancellationToken cancellationToken) => RunAsync<long?>(
        async database =>
        {
            if (!await database.KeyExistsAsync(_topic).ConfigureAwait(false))
            {
                return 0;
            }

            foreach (var group in await database.StreamGroupInfoAsync(_topic).ConfigureAwait(false))
            {
                if (group.Name == stream.Group)
                {
                    return group.Lag + group.PendingMessageCount;
                }
            }

            return await database.StreamLengthAsync(_topic).ConfigureAwait(false);
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (_keeping is { } keeping)
        {
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _end.Dispose();
    }

    private bool IsOneSlot(IDatabase database) =>
        !connection.IsCluster || database.Multiplexer.HashSlot(_topic) == database.Multiplexer.HashSlot(stream.DeadLetterTopic);

    private Task<RedisValue> AddAsync(IDatabase database, DeadLetter letter) => database.StreamAddAsync(
        stream.DeadLetterTopic, [.. FieldsOf(letter).Select(static field => new NameValueEntry(field.Name, field.Value))],
        maxLength: options.DeadLettersMax, useApproximateMaxLength: true);

    /// <summary>The same with the acknowledgement: repeating it changes nothing.</summary>
    private Task<RedisResult> AddOnceAsync(IDatabase database, DeadLetter letter) => RedisScripts.WriteDeadLetter.EvaluateAsync(
        database, [_topic, stream.DeadLetterTopic],
        [stream.Group, letter.Event.Position, options.DeadLettersMax, .. FieldsOf(letter).SelectMany(static field => (RedisValue[])[field.Name, field.Value])]);

    private (string Name, RedisValue Value)[] FieldsOf(DeadLetter letter) =>
        [(EventField, letter.Event.Value), ("reason", letter.Reason), ("stream", stream.Topic), ("position", letter.Event.Position)];

    /// <summary>Claims anew, until the source ends, what is in hand for long.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(options.ClaimIdle / KeepsPerClaimIdle, time, cancellationToken).ConfigureAwait(false);
            try
            {
                var database = await connection.GetDatabaseAsync(cancellationToken).ConfigureAwait(false);
                foreach (var chunk in _inHand.ListOlder().Chunk(KeptMax))
                {
                    await RedisScripts.KeepEntries.EvaluateAsync(database, [_topic], [stream.Group, member.Value.Value, .. chunk.Select(static id => (RedisValue)id)])
                        .WaitAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && (exception is FeatureException || RedisFailure.IsUnavailable(exception)))
            {
                // Nobody can take them from a server that does not answer; and reading tells why.
                LogNotKept(stream.Topic, exception.Message);
            }
        }
    }

    private async Task<IReadOnlyList<StreamEvent>> ReadOnceAsync(IDatabase database, int count)
    {
        var eventsMax = Math.Min(count, _entriesMax);
        while (_recovery is { } after)
        {
            var mine = await database.StreamReadGroupAsync(_topic, stream.Group, member.Value.Value, after, eventsMax).ConfigureAwait(false);
            if (mine.Length == 0)
            {
                _recovery = null;
                break;
            }

            _recovery = mine[^1].Id;
            if (Take(mine) is { Count: > 0 } again)
            {
                return again;
            }
        }

        if (_claimedAt == long.MinValue || time.GetElapsedTime(_claimedAt) >= options.ClaimInterval)
        {
            _claimedAt = time.GetTimestamp();
            var claimed = await database.StreamAutoClaimAsync(
                _topic, stream.Group, member.Value.Value, (long)options.ClaimIdle.TotalMilliseconds, _claimFrom, eventsMax).ConfigureAwait(false);
            _claimFrom = claimed.NextStartId;
            if (_claimFrom != Beginning)
            {
                // There may be more of them.
                _claimedAt = long.MinValue;
            }

            if (Take(claimed.ClaimedEntries) is { Count: > 0 } left)
            {
                return left;
            }
        }

        var entries = await database.StreamReadGroupAsync(_topic, stream.Group, member.Value.Value, New, eventsMax).ConfigureAwait(false);
        if (entries.Length > 0)
        {
            _lastRead = entries[^1].Id!;
        }

        return Take(entries);
    }

    private List<StreamEvent> Take(StreamEntry[] entries)
    {
        var events = new List<StreamEvent>(entries.Length);
        var bytes = 0L;
        foreach (var entry in entries)
        {
            var id = entry.Id.ToString();
            if (entry.Values is not { Length: > 0 } values)
            {
                // Trimmed or deleted before it was done: nothing is left of it but the claim.
                _gone.Add(id);
                continue;
            }

            // Claimed again, or read again by a group that was made anew: its reader has it.
            if (!_inHand.TryAdd(id))
            {
                continue;
            }

            var value = values.Length == 1 ? values[0].Value : entry[EventField];
            events.Add(new StreamEvent(id, ArrivalOf(id), value.IsNull ? default : (ReadOnlyMemory<byte>)value));
            bytes += events[^1].Value.Length;
        }

        if (events.Count > 0)
        {
            var fits = BatchBytesMax / Math.Max(bytes / events.Count, 1);
            _entriesMax = (int)Math.Clamp(fits, 1, 8L * _entriesMax);
            _keeping ??= KeepAsync(_end.Token);
        }

        return events;
    }

    private async Task EnsureGroupAsync(IDatabase database)
    {
        if (_hasGroup)
        {
            return;
        }

        try
        {
            await database.StreamCreateConsumerGroupAsync(_topic, stream.Group, Beginning, createStream: true).ConfigureAwait(false);
            _isGroupNew = _inHand.Count > 0;
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // It goes on where it was.
        }

        _hasGroup = true;
    }

    private async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            var database = await connection.GetDatabaseAsync(cancellationToken).ConfigureAwait(false);
            return await action(database).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.Contains("unknown command", StringComparison.OrdinalIgnoreCase))
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"The server at {connection.Addresses} has no streams ({exception.Message}); stream '{stream.Name}' needs Redis 6.2 or later, or Valkey. The embedded store (Garnet) has none: name a Redis with Streams:Redis, or Online:Redis.",
                exception);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            throw new FeatureException(
                FeatureError.InvalidInput, $"The key '{stream.Topic}' at {connection.Addresses} holds no stream, which the topic of stream '{stream.Name}' must be.", exception);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && RedisFailure.IsUnavailable(exception))
        {
            // An answer may be lost whose entries are this member's now. The group may be gone with the data of the server.
            _recovery ??= _lastRead;
            _hasGroup = false;
            throw RedisFailure.Unavailable($"The streams at {connection.Addresses} did not take or give what was asked of '{stream.Topic}'", exception, connection);
        }
    }

    // An id is MILLISECONDS-NUMBER by the server's clock, unless a producer gave another.
    private static long ArrivalOf(string id) =>
        long.TryParse(id.AsSpan(0, Math.Max(id.IndexOf('-', StringComparison.Ordinal), 0)), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds <= long.MaxValue / 1000
            ? milliseconds * 1000
            : 0;

    [LoggerMessage(2321, LogLevel.Debug, "Stream {Topic}: entries in hand were not claimed anew: {Reason}")]
    private partial void LogNotKept(string topic, string reason);
}
