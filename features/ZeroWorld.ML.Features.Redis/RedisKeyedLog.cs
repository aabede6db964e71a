using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Redis Streams as logs: the entries of a stream have one field, <c>body</c>; the hash <c>LOG:keys</c> has the keys, each with its entry's id. Places are ids of entries; a mark lies in <c>LOG:mark</c>.</summary>
public sealed class RedisKeyedLog : IKeyedLog
{
    private const string BodyField = "body";
    private const int PageEntries = 256;

    private const string AppendScript = """
        if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
        redis.call('HSET', KEYS[2], ARGV[1], redis.call('XADD', KEYS[1], '*', 'body', ARGV[2]))
        return 1
        """;

    private readonly ConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;

    private RedisKeyedLog(ConnectionMultiplexer multiplexer) => (_multiplexer, _database) = (multiplexer, multiplexer.GetDatabase());

    /// <param name="configuration">As StackExchange.Redis reads it: <c>host:port,host:port,password=...</c>.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: no server answers.</exception>
    public static async Task<RedisKeyedLog> OpenAsync(string configuration, CancellationToken cancellationToken)
    {
        try
        {
            return new RedisKeyedLog(await ConnectionMultiplexer.ConnectAsync(configuration).WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception) && !cancellationToken.IsCancellationRequested)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, $"Redis cannot be used: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogRecord> ReadAsync(string log, string? from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Up to the last entry of now, so that writers that are faster than the reader give it an end.
        if ((await RangeAsync(log, "-", "+", 1, Order.Descending, cancellationToken).ConfigureAwait(false)) is not [var last])
        {
            yield break;
        }

        for (var first = IsId(from) ? from : "-"; ;)
        {
            var page = await RangeAsync(log, first, last.Id, PageEntries, Order.Ascending, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page)
            {
                yield return new LogRecord(entry.Id.ToString(), (byte[]?)entry[BodyField] ?? []);
            }

            if (page.Length < PageEntries)
            {
                yield break;
            }

            first = Behind(page[^1].Id.ToString());
        }
    }

    /// <inheritdoc/>
    public async Task<bool> TryAppendAsync(string log, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        try
        {
            return (int)await _database.ScriptEvaluateAsync(AppendScript, [log, $"{log}:keys"], [key, record]).WaitAsync(cancellationToken).ConfigureAwait(false) == 1;
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Unavailable(log, exception);
        }
    }

    /// <inheritdoc/>
    public async Task<string?> FindMarkAsync(string log, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.StringGetAsync(MarkOf(log)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Unavailable(log, exception);
        }
    }

    /// <inheritdoc/>
    public async Task SetMarkAsync(string log, string mark, CancellationToken cancellationToken)
    {
        try
        {
            await _database.StringSetAsync(MarkOf(log), mark).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Unavailable(log, exception);
        }
    }

    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();

    private async Task<StreamEntry[]> RangeAsync(string log, RedisValue first, RedisValue last, int most, Order order, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.StreamRangeAsync(log, first, last, most, order).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Unavailable(log, exception);
        }
    }

    private static string MarkOf(string log) => $"{log}:mark";

    private static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        (RedisFailure.IsUnavailable(exception) || exception is RedisServerException) && !cancellationToken.IsCancellationRequested;

    // What is none was left by somebody else.
    private static bool IsId([NotNullWhen(true)] string? place) => place?.Split('-') is [var time, var number]
        && ulong.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out _) && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    // The smallest id that is greater.
    private static string Behind(string id)
    {
        var at = id.IndexOf('-', StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{id.AsSpan(0, at)}-{ulong.Parse(id.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture) + 1}");
    }

    private static FeatureException Unavailable(string log, Exception exception) => new(
        FeatureError.StoreUnavailable,
        exception.Message.Contains("WRONGTYPE", StringComparison.Ordinal) ? $"'{log}' is no stream of this Redis, but a key of another type." : $"The stream '{log}' cannot be used: {exception.Message}",
        exception);
}
