using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Opens Redis streams, all over one connection.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class RedisEventSourceFactory : IEventSourceFactory, IAsyncDisposable
{
    private readonly RedisStreamOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisConnection _connection;
    private readonly ILogger _logger;

    // Of the process, not of a stream; and taken by who reads, not by who only asks for the lag.
    private readonly Lazy<MemberName> _member;

    /// <param name="options">Valid options.</param>
    /// <param name="store">The online store's: where the streams are, where their options do not say it, and by which files a connection is made.</param>
    public RedisEventSourceFactory(RedisStreamOptions options, RedisOnlineStoreOptions store, TimeProvider time, ILogger<RedisEventSourceFactory> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _member = new Lazy<MemberName>(() => options.Member is { } given ? MemberName.Of(given) : MemberName.Take(Environment.MachineName));
        _logger = logger;
        ArgumentNullException.ThrowIfNull(store);
        var connection = options.Configuration is null ? store : new RedisOnlineStoreOptions
        {
            Configuration = options.Configuration,
            PasswordFile = store.PasswordFile,
            CertificateAuthorityFile = store.CertificateAuthorityFile,
            ClientCertificateFile = store.ClientCertificateFile,
            ClientKeyFile = store.ClientKeyFile,
        };
        _connection = new RedisConnection(connection.ToClientOptions(), connection.ReconnectInterval, time, logger);
    }

    public EventStreamKind Kind => EventStreamKind.Redis;

    /// <inheritdoc/>
    public IEventSource Open(EventStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new RedisEventSource(stream, _connection, _member, _options, _time, _logger);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync().ConfigureAwait(false);
        if (_member.IsValueCreated)
        {
            _member.Value.Dispose();
        }
    }
}
