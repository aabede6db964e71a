using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>A data directory with a table that a last-value view and a windowed view read, and what a materialization of it leaves in a server.</summary>
internal sealed class MaterializeData : IDisposable
{
    /// <summary>Entities, each with two rows at first. A view is marked at each 10,000 of them.</summary>
    public const int Cards = 30_000;

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
    private int _rows;

    public string Folder => _folder.Path;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<MaterializeData> CreateAsync()
    {
        var data = new MaterializeData();
        await File.WriteAllTextAsync(data._folder.Combine("defs.yaml"), Definitions, Token);
        await data.SucceedAsync("apply", "defs.yaml");
        await data.ImportAsync(2 * Cards);
        return data;
    }

    /// <summary>One that can be changed.</summary>
    public MaterializeData Copy()
    {
        var copy = new MaterializeData { _rows = _rows };
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var to = copy._folder.Combine(Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return copy;
    }

    /// <summary>One more row of each card.</summary>
    public Task AppendAsync() => ImportAsync(Cards, "--append");

    /// <summary>Runs a command in the folder, and gives what it says.</summary>
    public async Task<string> SucceedAsync(params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(Folder, arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
        return output;
    }

    /// <summary>What servers know a script by.</summary>
    public static byte[] Script(string name)
    {
        using var script = typeof(RedisOnlineStore).Assembly.GetManifestResourceStream(name)!;
#pragma warning disable CA5350 // What servers know a script by.
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(script)));
#pragma warning restore CA5350
    }

    /// <summary>All rows, blocks and coverages, without what tells who was at it and when.</summary>
    public static async Task<SortedDictionary<string, string>> DumpAsync(params IReadOnlyList<RedisServerProcess> servers)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(string.Join(',', servers.Select(static server => server.Address)));
        var reads = new List<(RedisKey Key, Task<HashEntry[]> Fields)>();
        foreach (var server in servers)
        {
            await foreach (var key in client.GetServer("127.0.0.1", server.Port).KeysAsync(pattern: "z1:*", pageSize: 5_000))
            {
                if (!key.ToString().EndsWith(":ledger", StringComparison.Ordinal) && !key.ToString().EndsWith(":marks", StringComparison.Ordinal))
                {
                    reads.Add((key, client.GetDatabase().HashGetAllAsync(key)));
                }
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

    public void Dispose() => _folder.Dispose();

    private async Task ImportAsync(int count, params string[] options)
    {
        var random = new Random(_rows);
        var text = new StringBuilder("ID,CARD,AT,AMOUNT\n");
        for (var end = _rows + count; _rows < end; _rows++)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{_rows},{_rows % Cards},{new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero).AddSeconds(_rows):yyyy-MM-dd'T'HH:mm:ss}Z,{random.Next(1, 4000) / 4.0}");
        }

        await File.WriteAllTextAsync(_folder.Combine("uses.csv"), text.ToString(), Token);
        await SucceedAsync(["import", "uses.csv", "uses", .. options, "-c", "ID:int64", "CARD:int64", "AT:timestamp", "AMOUNT:float64"]);
    }
}
