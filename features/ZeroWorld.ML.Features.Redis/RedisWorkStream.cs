using System.Globalization;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Redis Streams as a work stream: a consumer group, and a script that appends results and acknowledges in one step.</summary>
/// <remarks>
/// The script checks that the entry is pending, appends, remembers the key and acknowledges last: an entry that another worker finished meanwhile changes nothing, and a server
/// that is out of memory refuses before anything was written. Keys of finished work are <c>STREAM:done:KEY</c> with a lifetime. A server that lost stream and group, as one without a disk that was started again, gets them
/// anew with the next read. Garnet has no streams: it is refused.
/// </remarks>
public sealed class RedisWorkStream : IWorkStream
{
    private const string BodyField = "body";

    private const string FinishScript = """
        if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
        if KEYS[2] ~= '' and redis.call('EXISTS', KEYS[2]) == 1 then
          redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
          return 0
        end
        for i = 3, #KEYS do redis.call('XADD', KEYS[i], '*', 'body', ARGV[i + 1]) end
        if KEYS[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3]) end
        redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
        return 1
        """;

    // All commands share one connection, so that no read may wait in the server; this much later is an entry of an idle stream seen at most.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly RedisWorkStreamOptions _options;
    private readonly TimeProvider _time;
    private readonly ConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;

    private RedisWorkStream(RedisWorkStreamOptions options, ConnectionMultiplexer multiplexer, TimeProvider time) =>
        (_options, _time, _multiplexer, _database) = (options, time, multiplexer, multiplexer.GetDatabase());

    /// <inheritdoc/>
    public int OutputBytesMax => 256 << 20;

    /// <summary>Connects, and makes stream and group where they are not there: a new group begins with the first entry.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: no server answers, or it has no streams.</exception>
    public static async Task<RedisWorkStream> OpenAsync(RedisWorkStreamOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ConnectionMultiplexer? multiplexer = null;
        try
        {
            multiplexer = await ConnectionMultiplexer.ConnectAsync(options.Configuration).WaitAsync(cancellationToken).ConfigureAwait(false);
            var stream = new RedisWorkStream(options, multiplexer, time);
            await stream.CreateGroupAsync().ConfigureAwait(false);
            return stream;
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception) && !cancellationToken.IsCancellationRequested)
        {
            if (multiplexer is not null)
            {
                await multiplexer.DisposeAsync().ConfigureAwait(false);
            }

            throw Unavailable(options, exception);
        }
    }

    public async Task<IReadOnlyList<WorkEntry>> TakeAsync(int most, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var started = _time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var entries = await ReadAsync(most).ConfigureAwait(false);
            if (entries.Count > 0 || _time.GetElapsedTime(started) >= wait)
            {
                return entries;
            }

            await Task.Delay(PollInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<bool>> FinishAsync(IReadOnlyList<WorkResult> results, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(results);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Sent as one pipeline; each script is one step.
            var answers = await Task.WhenAll(results.Select(FinishAsync)).ConfigureAwait(false);
            return [.. answers.Select(static answer => (long)answer == 1)];
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            throw Unavailable(_options, exception);
        }
    }

    public async Task<(long Waiting, long Taken)> CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            var groups = await _database.StreamGroupInfoAsync(_options.Stream).WaitAsync(cancellationToken).ConfigureAwait(false);
            return groups.Where(one => one.Name == _options.Group).Select(static group => (group.Lag ?? 0, (long)group.PendingMessageCount)).FirstOrDefault();
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception) && !cancellationToken.IsCancellationRequested)
        {
            throw Unavailable(_options, exception);
        }
    }

    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();

    private async Task<IReadOnlyList<WorkEntry>> ReadAsync(int most)
    {
        try
        {
            var entries = await ClaimOrReadAsync(most).ConfigureAwait(false);
            if (entries is null)
            {
                await CreateGroupAsync().ConfigureAwait(false);
                entries = await ClaimOrReadAsync(most).ConfigureAwait(false) ?? [];
            }

            return [.. entries.Select(static entry => new WorkEntry(entry.Id.ToString(), (byte[]?)entry[BodyField] ?? [], ArrivalOf(entry.Id.ToString())))];
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            throw Unavailable(_options, exception);
        }
    }

    // Null where there is no group, or no stream.
    private async Task<StreamEntry[]?> ClaimOrReadAsync(int most)
    {
        try
        {
            var claimed = await _database.StreamAutoClaimAsync(
                _options.Stream, _options.Group, _options.Consumer, (long)_options.AbandonedAfter.TotalMilliseconds, "0-0", most).ConfigureAwait(false);
            return claimed.ClaimedEntries.Length > 0
                ? claimed.ClaimedEntries
                : await _database.StreamReadGroupAsync(_options.Stream, _options.Group, _options.Consumer, ">", most).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOGROUP", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private Task<RedisResult> FinishAsync(WorkResult result)
    {
        var keys = new RedisKey[result.Outputs.Count + 2];
        var arguments = new RedisValue[result.Outputs.Count + 3];
        (keys[0], keys[1]) = (_options.Stream, result.Key.Length == 0 ? "" : $"{_options.Stream}:done:{result.Key}");
        (arguments[0], arguments[1], arguments[2]) = (_options.Group, result.Id, (long)_options.KeyLifetime.TotalSeconds);
        for (var output = 0; output < result.Outputs.Count; output++)
        {
            (keys[output + 2], arguments[output + 3]) = (result.Outputs[output].Stream, result.Outputs[output].Body);
        }

        return _database.ScriptEvaluateAsync(FinishScript, keys, arguments);
    }

    private async Task CreateGroupAsync()
    {
        try
        {
            await _database.StreamCreateConsumerGroupAsync(_options.Stream, _options.Group, StreamPosition.Beginning, createStream: true).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // Another worker made it.
        }
    }

    // The stream's own ids begin with the server's time in milliseconds.
    private static DateTimeOffset ArrivalOf(string id) =>
        long.TryParse(id.AsSpan(0, Math.Max(0, id.IndexOf('-', StringComparison.Ordinal))), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : DateTimeOffset.UnixEpoch;

    private static FeatureException Unavailable(RedisWorkStreamOptions options, Exception exception) =>
        new(FeatureError.StoreUnavailable, $"The stream '{options.Stream}' (group '{options.Group}') cannot be used: {exception.Message}", exception);
}
