namespace ZeroWorld.ML.Testing;

/// <summary>A primary, its replica and one Sentinel that watches them and fails over after half a second of silence.</summary>
public sealed class RedisSentinelProcess : IAsyncDisposable
{
    public const string ServiceName = "zeroworld";
    private static readonly TimeSpan FormTimeout = TimeSpan.FromSeconds(30);

    private readonly List<RedisServerProcess> _servers = [];

    private RedisSentinelProcess()
    {
    }

    public RedisServerProcess Primary => _servers[0];

    public RedisServerProcess Replica => _servers[1];

    public RedisServerProcess Sentinel => _servers[2];

    /// <summary>As the online store is configured: the address of the Sentinel and the name of what it watches.</summary>
    public string Configuration => $"{Sentinel.Address},serviceName={ServiceName}";

    public static async Task<RedisSentinelProcess> StartAsync(CancellationToken cancellationToken)
    {
        var group = new RedisSentinelProcess();
        try
        {
            group._servers.Add(await RedisServerProcess.StartAsync(cancellationToken));
            group._servers.Add(await RedisServerProcess.StartAsync(
                cancellationToken, "--replicaof", $"127.0.0.1 {group.Primary.Port}", "--repl-diskless-sync-delay", "0"));
            group._servers.Add(await RedisServerProcess.StartSentinelAsync(ServiceName, group.Primary.Port, cancellationToken));
            await group.FormAsync(cancellationToken);
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The Sentinel first, or it fails over while the others end.
        foreach (var server in Enumerable.Reverse(_servers))
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Waits until the replica has all and the Sentinel knows of it.</summary>
    private async Task FormAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(FormTimeout);
        while (!(await Replica.SendAsync("INFO replication", timeout.Token)).Contains("master_link_status:up", StringComparison.Ordinal)
            || !(await Sentinel.SendAsync("INFO sentinel", timeout.Token)).Contains("status=ok", StringComparison.Ordinal)
            || !(await Sentinel.SendAsync("INFO sentinel", timeout.Token)).Contains("slaves=1", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
        }
    }
}
