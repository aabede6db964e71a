using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Materializations as real processes: killed where a chunk ends, and side by side.</summary>
public sealed class MaterializeProcessTests : IDisposable
{
    // Enough for three marks of a view: one comes with each 10,000 entities.
    private const int Cards = 30_000;

    private const string Definitions = """
        version: 1
        entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
        feature_views:
          - { name: last_use, entity: card, source: { table: uses, event_time: AT, keys: { card_id: CARD } }, features: [ { name: amount, type: float64, column: AMOUNT } ] }
          - name: spending
            entity: card
            source: { table: uses, event_time: AT, event_id: ID, keys: { card_id: CARD } }
            window: { history: 30d }
            features: [ { name: uses_1d, aggregate: count, window: 1d }, { name: spent_1d, aggregate: sum, of: AMOUNT, window: 1d } ]
        """;

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    // The ledger of a view is replaced when a run takes its turn, when it has cleared, when partitions of 10,000 entities are done, and twice at its end. The process
    // ends before the ledger gets what was done, or when it got it and nobody has heard of that.
    [Fact]
    public async Task Materialize_KilledAtChunkBoundaries_LeavesTheRowsOfAnUndisturbedRun()
    {
        RedisServerProcess.SkipIfMissing();
        var data = await PrepareAsync("data");
        await using var calm = await RedisServerProcess.StartAsync(Token);
        await SucceedAsync(data, "materialize", "--redis", calm.Address);
        await using var redis = await RedisServerProcess.StartAsync(Token);
        foreach (var (at, isKnown) in new[] { (3, false), (3, true), (3, false), (8, true) })
        {
            await using var proxy = new HoldingProxy(redis.Port, LedgerScript(), at, isKnown);
            using var process = ZwmlProcess.Start(data, "materialize", "--redis", proxy.Address);
            var exited = process.WaitForExitAsync(Token);
            Assert.True(await Task.WhenAny(proxy.Held, exited) == proxy.Held, $"the process ended before it changed the ledger {at} times");

            // SIGKILL: nothing of it runs any more, whatever it was at.
            process.Kill();
            await exited;
        }

        await SucceedAsync(data, "materialize", "--redis", redis.Address);

        var expected = await DumpAsync(calm);
        Assert.Equal(2 * Cards, expected.Count(static item => item.Key.StartsWith("z1:{", StringComparison.Ordinal)));
        Assert.Equal(expected, await DumpAsync(redis));
    }

    [Fact]
    public async Task Materialize_ShardsSideBySide_TogetherGiveWhatOneRunGives()
    {
        RedisServerProcess.SkipIfMissing();
        var data = await PrepareAsync("data");
        await using var whole = await RedisServerProcess.StartAsync(Token);
        await SucceedAsync(data, "materialize", "--redis", whole.Address);
        await using var redis = await RedisServerProcess.StartAsync(Token);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(shard => SucceedAsync(data, "materialize", "--shard", $"{shard}/3", "--redis", redis.Address)));

        Assert.Equal(await DumpAsync(whole), await DumpAsync(redis));
    }

    private static byte[] LedgerScript()
    {
        using var script = typeof(RedisOnlineStore).Assembly.GetManifestResourceStream("replace_ledger.lua")!;
#pragma warning disable CA5350 // What servers know a script by.
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(script)));
#pragma warning restore CA5350
    }

    private static async Task<SortedDictionary<string, string>> DumpAsync(RedisServerProcess redis)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var reads = new List<(RedisKey Key, Task<HashEntry[]> Fields)>();
        await foreach (var key in client.GetServer("127.0.0.1", redis.Port).KeysAsync(pattern: "z1:*"))
        {
            if (key != "z1:default:ledger")
            {
                reads.Add((key, client.GetDatabase().HashGetAllAsync(key)));
            }
        }

        var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, fields) in reads)
        {
            foreach (var field in await fields)
            {
                rows.Add($"{key} {field.Name}", Convert.ToHexString((byte[])field.Value!));
            }
        }

        return rows;
    }

    private async Task<string> PrepareAsync(string name)
    {
        var folder = _folder.Combine(name);
        Directory.CreateDirectory(folder);
        var (random, text) = (new Random(7), new StringBuilder("ID,CARD,AT,AMOUNT\n"));
        for (var id = 0; id < 2 * Cards; id++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{id},{id % Cards},{new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero).AddSeconds(id):yyyy-MM-dd'T'HH:mm:ss}Z,{random.Next(1, 4000) / 4.0}");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "defs.yaml"), Definitions, Token);
        await File.WriteAllTextAsync(Path.Combine(folder, "uses.csv"), text.ToString(), Token);
        await SucceedAsync(folder, "apply", "defs.yaml");
        await SucceedAsync(folder, "import", "uses.csv", "uses", "-c", "ID:int64", "CARD:int64", "AT:timestamp", "AMOUNT:float64");
        return folder;
    }

    private static async Task<string> SucceedAsync(string folder, params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(folder, arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
        return output;
    }
}
