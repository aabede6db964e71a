namespace ZeroWorld.ML.Testing;

/// <summary>A Redis Cluster of masters, each a <see cref="RedisServerProcess"/>, with the 16,384 slots divided among them; without replicas unless some are added.</summary>
public sealed class RedisClusterProcess : IAsyncDisposable
{
    private const int Slots = 16_384;
    private static readonly TimeSpan FormTimeout = TimeSpan.FromSeconds(30);

    // A replica takes over however long its primary was silent before: on a busy machine that may be long.
    private static readonly string[] NodeSettings =
    [
        "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0",
        "--repl-diskless-sync-delay", "0",
    ];

    private readonly List<RedisServerProcess> _shards = [];
    private readonly List<RedisServerProcess> _replicas = [];

    private RedisClusterProcess()
    {
    }

    /// <summary>In order of their slots: shard i of n holds slots i * 16384 / n up to the next one's first.</summary>
    public IReadOnlyList<RedisServerProcess> Shards => _shards;

    /// <summary>Addresses of all shards, joined with commas.</summary>
    public string Addresses => string.Join(',', _shards.Select(static shard => shard.Address));

    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="shards">One or more.</param>
    public static async Task<RedisClusterProcess> StartAsync(CancellationToken cancellationToken, int shards = 3)
    {
        var cluster = new RedisClusterProcess();
        try
        {
            for (var index = 0; index < shards; index++)
            {
                // A shard that is down must not take the others' slots down with it: that is what partial answers are tested with.
                cluster._shards.Add(await RedisServerProcess.StartAsync(cancellationToken, NodeSettings));
            }

            await cluster.FormAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The shard that owns a slot.</summary>
    public RedisServerProcess ShardOf(int slot) => _shards[Enumerable.Range(0, _shards.Count).Last(index => FirstSlot(index) <= slot)];

    /// <summary>Adds a replica of a shard, which takes its place when it dies. Returns when it has all that the shard has, and every shard knows of it.</summary>
    public async Task<RedisServerProcess> AddReplicaAsync(RedisServerProcess shard, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(FormTimeout);
        var replica = await RedisServerProcess.StartAsync(timeout.Token, NodeSettings);
        _replicas.Add(replica);
        var id = await shard.SendAsync("CLUSTER MYID", timeout.Token);
        await replica.SendAsync($"CLUSTER MEET 127.0.0.1 {shard.Port}", timeout.Token);

        // It can only be made one when it has heard of the shard.
        while (!await TryReplicateAsync(replica, id, timeout.Token))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
        }

        while (!(await replica.SendAsync("INFO replication", timeout.Token)).Contains("master_link_status:up", StringComparison.Ordinal)
            || !await AllKnowReplicaAsync(replica, timeout.Token))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
        }

        return replica;
    }

    /// <summary>Waits until every shard serves, and knows that all others do: also after one of them was started again.</summary>
    public async Task WaitUntilWholeAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(FormTimeout);
        foreach (var shard in _shards)
        {
            while (!await KnowsAllAsync(shard, timeout.Token))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), timeout.Token);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _replicas.Concat(_shards))
        {
            await node.DisposeAsync();
        }
    }

    private static async Task<bool> TryReplicateAsync(RedisServerProcess replica, string id, CancellationToken cancellationToken)
    {
        if (!(await replica.SendAsync("CLUSTER NODES", cancellationToken)).Contains(id, StringComparison.Ordinal))
        {
            return false;
        }

        await replica.SendAsync($"CLUSTER REPLICATE {id}", cancellationToken);
        return true;
    }

    private async Task<bool> AllKnowReplicaAsync(RedisServerProcess replica, CancellationToken cancellationToken)
    {
        foreach (var shard in _shards)
        {
            var nodes = await shard.SendAsync("CLUSTER NODES", cancellationToken);
            if (!nodes.Split('\n').Any(line => line.Contains($"127.0.0.1:{replica.Port}@", StringComparison.Ordinal) && line.Contains("slave", StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return true;
    }

    private int FirstSlot(int index) => index * Slots / _shards.Count;

    private async Task FormAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(FormTimeout);
        for (var index = 0; index < _shards.Count; index++)
        {
            await _shards[index].SendAsync($"CLUSTER ADDSLOTSRANGE {FirstSlot(index)} {FirstSlot(index + 1) - 1}", timeout.Token);
            await _shards[index].SendAsync($"CLUSTER SET-CONFIG-EPOCH {index + 1}", timeout.Token);
        }

        foreach (var shard in _shards.Skip(1))
        {
            await _shards[0].SendAsync($"CLUSTER MEET 127.0.0.1 {shard.Port}", timeout.Token);
        }

        await WaitUntilWholeAsync(timeout.Token);
    }

    private async Task<bool> KnowsAllAsync(RedisServerProcess shard, CancellationToken cancellationToken)
    {
        var state = await shard.SendAsync("CLUSTER INFO", cancellationToken);
        return state.Contains("cluster_state:ok", StringComparison.Ordinal)
            && state.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal)
            && state.Contains($"cluster_known_nodes:{_shards.Count}\r\n", StringComparison.Ordinal);
    }
}
