using System.Buffers.Binary;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The online store in Redis 7, Valkey, Redis Cluster or Garnet.</summary>
/// <remarks>
/// While no server is connected reads are unavailable at once, nothing queues, and the connection comes back by itself; a server that is absent at
/// the start is no error. Thread safety: every member may be called from any thread.
/// </remarks>
public sealed partial class RedisOnlineStore : IMaterializationLedger
{
    private const int ClearKeysMax = 256;

    // No import has it, so that a clearing which was interrupted is done again.
    private const string ClearingGeneration = "-";

    private readonly RedisOnlineStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisOnlineStore> _logger;
    private readonly RedisConnection _connection;
    private readonly ConditionalWeakTable<IReadOnlyList<StorageField>, RedisReadPlan> _plans = [];
    private readonly Func<IReadOnlyList<StorageField>, RedisReadPlan> _getPlan;

    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public RedisOnlineStore(RedisOnlineStoreOptions options, TimeProvider time, ILogger<RedisOnlineStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _options = options;
        _time = time;
        _logger = logger;
        _connection = new RedisConnection(options.ToClientOptions(), options.ReconnectInterval, time, logger, options.StartServer);
        _getPlan = fields => _plans.GetValue(fields, static fields => new RedisReadPlan(fields));
    }

    /// <summary>Connects now instead of at the first use.</summary>
    /// <returns>Whether a server answered within the connect timeout; if not, the store goes on trying.</returns>
    public async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _connection.GetMultiplexerAsync(cancellationToken).ConfigureAwait(false)).IsConnected;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && RedisFailure.IsUnavailable(exception))
        {
            // Logged where it happened, with the reason; reads and writes try again.
            return false;
        }
    }

    /// <summary>Looks for settings of the servers that make the store slow, large or forgetful, and logs a warning for each.</summary>
    /// <returns>The warnings. Servers that do not tell their settings are taken to be well.</returns>
    public async Task<IReadOnlyList<string>> CheckServerAsync(CancellationToken cancellationToken)
    {
        var multiplexer = await _connection.GetMultiplexerAsync(cancellationToken).ConfigureAwait(false);
        var warnings = await RedisServerCheck.RunAsync(multiplexer, cancellationToken).ConfigureAwait(false);
        foreach (var warning in warnings)
        {
            LogServerWarning(_logger, warning);
        }

        return warnings;
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(IReadOnlyList<OnlineRead> reads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reads);
        cancellationToken.ThrowIfCancellationRequested();
        if (_connection.TryGetDatabase() is not { } database)
        {
            FailPending(reads);
            return;
        }

        if (!await new RedisMultiGet(database, _connection.IsCluster).ReadAsync(reads, _getPlan, _options.ReadTimeout, _time, cancellationToken).ConfigureAwait(false))
        {
            _connection.LookForMovedSlots();
        }
    }

    /// <inheritdoc/>
    public Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, CancellationToken cancellationToken) =>
        WriteRowsAsync(field, rows, validUntil: null, cancellationToken);

    /// <inheritdoc/>
    public Task AppendEventsAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, CancellationToken cancellationToken) =>
        AppendAsync(field, appends, trim, wholeUntil: null, validUntil: null, cancellationToken);

    private async Task WriteRowsAsync(StorageField field, IReadOnlyList<OnlineRowWrite> rows, long? validUntil, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(rows);
        foreach (var row in rows)
        {
            if (!OnlineRowCodec.TryReadHeader(field, row.Row.Span, out _, out _, out _))
            {
                throw new FeatureException(FeatureError.InvalidInput, $"{row.Row.Length} bytes are no online row of view '{field.View.Name}'.");
            }
        }

        await RunWriteAsync(
            async database =>
            {
                await new RedisWritePipeline(database, _options, field, RedisScripts.WriteRows, [field.Name, Moment(validUntil)], _connection.IsCluster)
                    .RunAsync(rows.Count, index => new RedisWritePipeline.Write(RedisKeys.Rows(rows[index].Entity), rows[index].Row), cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task AppendAsync(StorageField field, IReadOnlyList<WindowAppend> appends, long trim, long? wholeUntil, long? validUntil, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(appends);
        var eventsMax = field.View is WindowedView view
            ? view.EventsMax
            : throw new FeatureException(FeatureError.InvalidInput, $"View '{field.View.Name}' is no windowed view: it has rows, not events.");
        await RunWriteAsync(
            async database =>
            {
                if (field.IsHop)
                {
                    await new RedisHopWriter(database, field, validUntil).AppendAsync(appends, trim, cancellationToken).ConfigureAwait(false);
                    return true;
                }

                await new RedisWritePipeline(database, _options, field, RedisScripts.AppendEvents, [field.Name, Moment(validUntil), eventsMax, Bytes(wholeUntil)], _connection.IsCluster).RunAsync(
                    appends.Count,
                    index => new RedisWritePipeline.Write(
                        RedisKeys.Windows(appends[index].Entity),
                        WindowBlockMerge.Prepare(field, appends[index].Block, Math.Max(trim, appends[index].Trim), eventsMax)),
                    cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ViewCoverage?> ReadCoverageAsync(StorageField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        var value = await RunAsync(
            database => database.HashGetAsync(RedisKeys.Coverage(field.View.Project), field.Name), cancellationToken).ConfigureAwait(false);
        if (value.IsNull)
        {
            return null;
        }

        var text = value.ToString();
        var parts = text.Split(' ');
        return parts.Length is 2 or 3
            && long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var from)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var to)
            ? new ViewCoverage(from, to, parts.Length == 3 ? parts[2] : string.Empty)
            : throw new FeatureException(
                FeatureError.CorruptData,
                $"The coverage of view '{field.View.Name}' in the online store is '{text}'; expected two integers, FROM and TO in microseconds, and a generation.");
    }

    /// <inheritdoc/>
    public async Task WriteCoverageAsync(StorageField field, ViewCoverage coverage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(coverage);
        var text = string.Create(CultureInfo.InvariantCulture, $"{coverage.From} {coverage.To}{(coverage.Generation.Length > 0 ? " " : "")}{coverage.Generation}");
        await RunWriteAsync(
            database => database.HashSetAsync(RedisKeys.Coverage(field.View.Project), field.Name, text), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>Scans all keys of the entity's kind.</remarks>
    public async Task ClearAsync(StorageField field, long keepArrivedAfter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        var multiplexer = await _connection.GetMultiplexerAsync(cancellationToken).ConfigureAwait(false);
        await WriteCoverageAsync(field, ViewCoverage.NothingYet(keepArrivedAfter, ClearingGeneration), cancellationToken).ConfigureAwait(false);
        await RunWriteAsync(
            async database =>
            {
                if (_connection.FindSilentShards() is { } silent)
                {
                    // What would stay there would come back with the shard.
                    throw new FeatureException(FeatureError.StoreUnavailable, $"View '{field.View.Name}' cannot be taken out of the online store. {silent}.");
                }

                var clearing = new RedisViewClearing(database, field, keepArrivedAfter);
                foreach (var server in multiplexer.GetServers().Where(static server => server.IsConnected && !server.IsReplica))
                {
                    await foreach (var chunk in server.KeysAsync(pattern: RedisKeys.PatternOf(field), pageSize: ClearKeysMax)
                        .Chunk(ClearKeysMax).WithCancellation(cancellationToken).ConfigureAwait(false))
                    {
                        await Task.WhenAll(chunk.Select(key => clearing.ClearAsync(key, cancellationToken))).ConfigureAwait(false);
                    }
                }

                return await database.HashDeleteAsync(RedisKeys.Coverage(field.View.Project), field.Name).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteEntityAsync(EntityId entity, IReadOnlyList<StorageField> fields, long until, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fields);
        await RunWriteAsync(
            async database =>
            {
                await new RedisEntityDeletion(database, entity, fields).RunAsync(until, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>Like <see cref="RunAsync"/>, for what writes.</summary>
    private Task<T> RunWriteAsync<T>(Func<IDatabase, Task<T>> action, CancellationToken cancellationToken) => _options.FindRefusal?.Invoke() is { } refusal
        ? Task.FromException<T>(new FeatureException(FeatureError.StoreUnavailable, refusal))
        : RunAsync(action, cancellationToken);

    /// <summary>Runs what must succeed or say that the store is unavailable.</summary>
    private async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            var database = await _connection.GetDatabaseAsync(cancellationToken).ConfigureAwait(false);
            return await action(database).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && RedisFailure.IsUnavailable(exception))
        {
            _connection.LookForMovedSlots();
            throw RedisFailure.Unavailable($"The online store at {_connection.Addresses} did not take or give what was asked", exception, _connection);
        }
    }

    /// <summary>The argument that says until when a write is good.</summary>
    private static RedisValue Moment(long? validUntil) => validUntil ?? RedisValue.EmptyString;

    // Compared as the times of events are, which a script's numbers do not hold.
    private static RedisValue Bytes(long? time)
    {
        if (time is not { } value)
        {
            return RedisValue.EmptyString;
        }

        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static void FailPending(IReadOnlyList<OnlineRead> reads)
    {
        foreach (var read in reads)
        {
            if (read.State == OnlineReadState.Pending)
            {
                read.Fail();
            }
        }
    }

    [LoggerMessage(2204, LogLevel.Warning, "{Warning}")]
    private static partial void LogServerWarning(ILogger logger, string warning);
}
