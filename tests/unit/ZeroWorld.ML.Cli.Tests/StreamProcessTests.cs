using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Streams read by real processes that are killed in the middle of their work.</summary>
public sealed class StreamProcessTests : IDisposable
{
    private const int Events = 12_000;
    private const int Cards = 200;

    private const string Definitions = """
        version: 1
        entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
        streams:
          - name: payments
            kind: redis
            topic: tx
            columns:
              - { name: CARD, type: int64, field: card }
              - { name: AT, type: timestamp, field: at }
              - { name: AMOUNT, type: float64, field: amount }
        feature_views:
          - { name: last_payment, entity: card, source: { table: payments, event_time: AT, keys: { card_id: CARD } }, features: [ { name: last_amount, type: float64, column: AMOUNT } ] }
          - name: spending
            entity: card
            source: { table: payments, event_time: AT, keys: { card_id: CARD } }
            window: { history: 1d }
            features: [ { name: payments_1d, aggregate: count, window: 1d }, { name: spent_1d, aggregate: sum, of: AMOUNT, window: 1d } ]
          - name: habits
            entity: card
            source: { table: payments, event_time: AT, keys: { card_id: CARD } }
            window: { precision: hop, history: 1h }
            features: [ { name: spent_7d, aggregate: sum, of: AMOUNT, window: 7d } ]
        feature_services:
          - { name: card, features: [ last_payment.*, spending.*, habits.* ] }
        """;

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task StreamRun_KilledAgainAndAgain_LeavesTheRowsOfAnUndisturbedRun()
    {
        RedisServerProcess.SkipIfMissing();
        var events = Make();
        var calm = await RunAsync("calm", events, kills: 0);
        var killed = await RunAsync("killed", events, kills: 2);

        Assert.Equal(3 * Cards, calm.Count);
        Assert.Equal(calm, killed);
    }

    private async Task<Dictionary<string, string>> RunAsync(string name, List<(string Id, string Event)> events, int kills)
    {
        var folder = Prepare(name);
        await using var redis = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        await SucceedAsync(folder, "apply", "defs.yaml");
        foreach (var chunk in events.Chunk(1000))
        {
            await Task.WhenAll(chunk.Select(item => client.GetDatabase().StreamAddAsync("tx", "event", item.Event, item.Id)));
        }

        for (var kill = 1; kill <= kills; kill++)
        {
            using var process = ZwmlProcess.Start(folder, "stream", "run", "--redis", redis.Address);
            await WaitForEntriesReadAsync(client, kill * Events / (kills + 1), process);

            // SIGKILL: nothing of it runs any more, whatever it was at.
            process.Kill();
            await process.WaitForExitAsync(Token);
        }

        await SucceedAsync(folder, "stream", "run", "--exit", "--redis", redis.Address);
        var status = JsonDocument.Parse(await SucceedAsync(folder, "stream", "status", "--json")).RootElement.GetProperty("streams")[0];
        Assert.Equal(("payments", "STREAM_STATE_NOT_READ"), (status.GetProperty("name").GetString(), status.GetProperty("state").GetString()));
        Assert.Equal(0, (await client.GetDatabase().StreamPendingAsync("tx", "zeroworld.default.payments")).PendingMessageCount);
        Assert.Equal(1, await client.GetDatabase().StreamLengthAsync("{tx}.dead"));
        return await DumpAsync(client, redis.Port);
    }

    private static async Task WaitForEntriesReadAsync(ConnectionMultiplexer client, int count, Process process)
    {
        while (true)
        {
            Assert.False(process.HasExited);
            var groups = await client.GetDatabase().StreamGroupInfoAsync("tx");
            if (groups.Length == 1 && groups[0].EntriesRead >= count)
            {
                return;
            }

            await Task.Delay(2, Token);
        }
    }

    private static async Task<Dictionary<string, string>> DumpAsync(ConnectionMultiplexer client, int port)
    {
        var rows = new Dictionary<string, string>();
        await foreach (var key in client.GetServer("127.0.0.1", port).KeysAsync(pattern: "z1:{*"))
        {
            foreach (var field in await client.GetDatabase().HashGetAllAsync(key))
            {
                rows.Add($"{key} {field.Name}", Convert.ToHexString((byte[])field.Value!));
            }
        }

        return rows;
    }

    private static List<(string Id, string Event)> Make()
    {
        var (random, start) = (new Random(3), new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());
        var events = new List<(string, string)>();
        for (var index = 0; index < Events; index++)
        {
            var at = start + (index * 20) - random.Next(3_600_000);
            var text = string.Create(
                CultureInfo.InvariantCulture, $$"""{"card":{{index % Cards}},"at":{{at * 1000}},"amount":{{random.Next(1, 100_000) / 100.0}}}""");
            events.Add(($"{start + (index * 20)}-0", index == 5000 ? "poison" : text));
        }

        return events;
    }

    private string Prepare(string name)
    {
        var folder = _folder.Combine(name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "defs.yaml"), Definitions);

        // Small batches, so that a kill meets the work in its middle.
        File.WriteAllText(Path.Combine(folder, "zeroworld.yaml"), "streams: { batch_events_max: 100, archive_interval: 200ms }\n");
        return folder;
    }

    private static async Task<string> SucceedAsync(string folder, params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(folder, arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
        return output;
    }
}
