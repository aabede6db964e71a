using System.Globalization;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Finds settings of Redis servers that make the online store slow, large or forgetful.</summary>
internal static class RedisServerCheck
{
    private const int ListpackValueBytesMin = 128;
    private const string ListpackValue = "hash-max-listpack-value";
    private const string Policy = "maxmemory-policy";
    private const string NoEviction = "noeviction";

    /// <returns>One sentence per fault. Servers that do not tell their settings are taken to be well.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(IConnectionMultiplexer multiplexer, CancellationToken cancellationToken)
    {
        var warnings = new List<string>();
        foreach (var server in multiplexer.GetServers())
        {
            if (!server.IsConnected || server.IsReplica || server.ServerType == ServerType.Sentinel)
            {
                continue;
            }

            var address = RedisConnection.Format(server.EndPoint);
            if (long.TryParse(await ReadAsync(server, ListpackValue, cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture, out var bytes)
                && bytes < ListpackValueBytesMin)
            {
                warnings.Add(
                    $"{ListpackValue} of the online store at {address} is {bytes}: rows above it double their memory. "
                    + $"Set it to {ListpackValueBytesMin} or more (CONFIG SET {ListpackValue} {ListpackValueBytesMin}, and in redis.conf).");
            }

            if (await ReadAsync(server, Policy, cancellationToken).ConfigureAwait(false) is { } policy && policy != NoEviction
                && await ReadAsync(server, "maxmemory", cancellationToken).ConfigureAwait(false) is { } memory && memory != "0")
            {
                warnings.Add(
                    $"{Policy} of the online store at {address} is {policy}: an entity that is evicted reads as one without events. "
                    + $"Set it to {NoEviction} (CONFIG SET {Policy} {NoEviction}, and in redis.conf).");
            }
        }

        return warnings;
    }

    private static async Task<string?> ReadAsync(IServer server, string name, CancellationToken cancellationToken) =>
        await AskAsync(server, "CONFIG", ["GET", name], cancellationToken).ConfigureAwait(false) is { Length: 2 } answer ? (string?)answer[1] : null;

    /// <returns><see langword="null"/>: the server does not tell.</returns>
    private static async Task<RedisResult?> AskAsync(IServer server, string command, object[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await server.ExecuteAsync(command, arguments).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // Managed servers forbid CONFIG; one that is gone again has nothing to tell.
            return null;
        }
    }
}
