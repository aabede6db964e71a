using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using StackExchange.Redis;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary><c>zwml moderate stream</c> as a process: killed at moments of its work, it loses no item and decides none twice.</summary>
public sealed class ModerationStreamTests(ModerationFixture fixture) : IDisposable
{
    private const int Items = 4_000;
    private const int Poison = 3;
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ModerateStream_KilledAgainAndAgain_DecidesEachItemOnceAndLosesNone()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        var database = client.GetDatabase();
        await fixture.CopyToAsync(_folder.Path);
        await PublishAsync(database);

        for (var kill = 1; kill <= 3; kill++)
        {
            await KillWhenDecidedAsync(server.Address, database, kill * 500);
        }

        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. Arguments(server.Address), "--drain", "--metrics-port", "0"]);

        Assert.True(code == 0, error);
        Assert.Contains("entries finished", output);
        Assert.Contains("metrics: http://", error);
        string[] ids = [.. (await database.StreamRangeAsync("moderation:decisions")).Select(static entry => IdOf(entry["body"].ToString()))];
        Assert.Equal(Items, ids.Length);
        Assert.Equal(Items, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Poison, await database.StreamLengthAsync("moderation:dead"));
        Assert.Equal(0, (await database.StreamPendingAsync("content", "moderation")).PendingMessageCount);
    }

    [Fact]
    public async Task ModerateStream_OfKafkaKilledAgainAndAgain_DecidesEachItemOnceAndLosesNone()
    {
        using var cluster = new KafkaTestCluster();
        await fixture.CopyToAsync(_folder.Path);
        await cluster.PublishAsync("content", Bodies().Index().Select(static item => new Message<string, string> { Key = KeyOf(item.Item, item.Index), Value = item.Item }), Token);
        string[] arguments = ["moderate", "stream", "--package", "package", "--kafka", cluster.Brokers, "--kafka-settings", "session.timeout.ms=1000;heartbeat.interval.ms=100", "--consumer", "worker"];

        // Wherever in its transactions it is by then: their marks count here as messages.
        foreach (var decisions in (int[])[1, 700, 1_900])
        {
            await KillWhenAsync(async () => await cluster.CountAsync("moderation.decisions", Token) >= decisions, arguments);
        }

        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--drain"]);

        Assert.True(code == 0, error);
        Assert.Contains("entries finished", output);
        string[] ids = [.. (await cluster.ReadAsync("moderation.decisions", Token)).Select(static message => IdOf(message.Value))];
        Assert.Equal(Items, ids.Length);
        Assert.Equal(Items, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Poison, (await cluster.ReadAsync("moderation.dead", Token)).Count);
    }

    [Fact]
    public async Task ModerateStream_WhileItRuns_ShowsItsMetrics()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await fixture.CopyToAsync(_folder.Path);
        await PublishAsync(client.GetDatabase());
        var port = LoopbackPort.FindFree();
        using var process = ZwmlProcess.Start(_folder.Path, [.. Arguments(server.Address), "--metrics-port", port.ToString(CultureInfo.InvariantCulture)]);
        using var http = new HttpClient();

        // Counts and gauges of the whole stream, as soon as it is through.
        var text = "";
        while (!process.HasExited && !text.Contains($"zeroworld_moderation_lag_seconds_count {Items + Poison}", StringComparison.Ordinal))
        {
            try
            {
                text = System.Text.RegularExpressions.Regex.Replace(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), Token), @"\{otel_scope_name=""[^""]*""\}|otel_scope_name=""[^""]*"",?| \d{13}$", "", System.Text.RegularExpressions.RegexOptions.Multiline);
            }
            catch (HttpRequestException)
            {
                // It is still starting.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), Token);
        }

        process.Kill();
        await process.WaitForExitAsync(Token);
        Assert.Contains("zeroworld_moderation_decisions_total", text);
        Assert.Contains("zeroworld_moderation_dead_letters_total", text);
        Assert.Contains("zeroworld_moderation_lag_seconds_bucket{le=\"0.05\"}", text);
        Assert.Contains("zeroworld_moderation_waiting", text);
        Assert.Contains("zeroworld_moderation_taken", text);
    }

    [Fact]
    public async Task Review_OfRedis_TakesVerdictsForTheNextTraining()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Token);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await ReviewAllAsync();
        foreach (var body in Doubtful)
        {
            await client.GetDatabase().StreamAddAsync("content", "body", body);
        }

        await AssertReviewedAsync("--redis", server.Address);
    }

    [Fact]
    public async Task Review_OfKafka_TakesVerdictsForTheNextTraining()
    {
        using var cluster = new KafkaTestCluster();
        await ReviewAllAsync();
        await cluster.PublishAsync("content", Doubtful.Select(static body => new Message<string, string> { Key = IdOf(body), Value = body }), Token);

        await AssertReviewedAsync("--kafka", cluster.Brokers);
    }

    [Fact]
    public async Task ModerateStream_NeitherRedisNorKafka_SaysSo()
    {
        await fixture.CopyToAsync(_folder.Path);

        var (code, _, error) = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "stream", "--package", "package");

        Assert.NotEqual(0, code);
        Assert.Contains("Either --redis or --kafka", error.ReplaceLineEndings(" "));
    }

    private static string[] Doubtful => ["""{"id":"a","text":"vile"}""", """{"id":"b","text":"a fresh lake","language":"en"}""", """{"id":"c","text":"quiet"}"""];

    // Whatever the score, a person is asked.
    private async Task ReviewAllAsync()
    {
        await fixture.CopyToAsync(_folder.Path);
        using var policy = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.Combine(Path.Combine("package", "policy.json")), Token));
        await File.WriteAllTextAsync(
            _folder.Combine("all.json"),
            $$"""{"name":"all","version":1,"model":"{{policy.RootElement.GetProperty("model").GetString()}}","rules":[{"label":"foul","review":0,"block":1.01}]}""",
            Token);
    }

    private async Task AssertReviewedAsync(params string[] source)
    {
        await RunAsync(["moderate", "stream", "--package", "package", "--policy", "all.json", "--drain", "--consumer", "worker", .. source]);
        Assert.Contains("a fresh lake", await RunAsync(["review", "list", .. source]), StringComparison.Ordinal);
        using var first = JsonDocument.Parse(await RunAsync(["review", "list", "--limit", "1", "--json", .. source]));
        var id = Assert.Single(first.RootElement.EnumerateArray()).GetProperty("id").GetString()!;
        using var others = JsonDocument.Parse(await RunAsync(["review", "list", "--after", id, "--json", .. source]));
        Assert.Equal(["a", "b", "c"], others.RootElement.EnumerateArray().Select(static one => one.GetProperty("id").GetString()).Append(id).Order(StringComparer.Ordinal));

        await RunAsync(["review", "verdict", "b", "fine", "--reviewer", "rosa", .. source]);
        await RunAsync(["review", "verdict", "b", "fine", "--reviewer", "max", .. source]);
        Assert.Contains("fine, by rosa", await RunAsync(["review", "show", "b", .. source]), StringComparison.Ordinal);
        using var open = JsonDocument.Parse(await RunAsync(["review", "list", "--json", .. source]));
        Assert.Equal(["a", "c"], open.RootElement.EnumerateArray().Select(static one => one.GetProperty("id").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal("1 verdicts", (await RunAsync(["review", "export", "--to", "verdicts.jsonl", .. source])).Trim());
        using var verdict = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.Combine("verdicts.jsonl"), Token));
        Assert.Equal(("a fresh lake", "fine"), (verdict.RootElement.GetProperty("text").GetString(), verdict.RootElement.GetProperty("label").GetString()));

        // The verdict is a text more to learn from.
        await fixture.CopyTableToAsync(_folder.Path);
        var trained = await ZwmlProcess.RunAsync(
            _folder.Path, "train", "moderation", "--table", "train.csv", "--label", "label", "--harmless", "fine", "--verdicts", "verdicts.jsonl", "--disguised-copies", "0", "-o", "next");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Contains("301 texts, 2 labels", trained.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.Combine(Path.Combine("next", "policy.json"))));

        // The same number for another content, as after a change by hand and a restart.
        await File.WriteAllTextAsync(_folder.Combine("all.json"), (await File.ReadAllTextAsync(_folder.Combine("all.json"), Token)).Replace("1.01", "0.99", StringComparison.Ordinal), Token);
        var (code, _, error) = await ZwmlProcess.RunAsync(_folder.Path, ["moderate", "stream", "--package", "package", "--policy", "all.json", "--drain", "--consumer", "worker", .. source]);
        Assert.Equal(1, code);
        Assert.Contains("policy 'all': version 1 is the number of another content already", error.ReplaceLineEndings(" "));
    }

    private async Task<string> RunAsync(string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private static string[] Arguments(string address) => ["moderate", "stream", "--package", "package", "--redis", address, "--abandoned-after", "0.2"];

    private static string IdOf(string decision)
    {
        using var document = JsonDocument.Parse(decision);
        return document.RootElement.GetProperty("id").GetString() ?? "";
    }

    private static async Task PublishAsync(IDatabase database)
    {
        foreach (var body in Bodies().SkipLast(1))
        {
            await database.StreamAddAsync("content", "body", body, flags: CommandFlags.FireAndForget);
        }

        await database.StreamAddAsync("content", "body", Bodies().Last());
    }

    private static IEnumerable<string> Bodies()
    {
        var random = new Random(6);
        string[] words = ["lovely", "sunny", "fresh", "quiet", "vile", "filth", "trash"];
        for (var item = 0; item < Items; item++)
        {
            yield return JsonSerializer.Serialize(new { id = $"item-{item}", text = string.Join(' ', Enumerable.Range(0, 6).Select(_ => words[random.Next(words.Length)])) });
        }

        foreach (var poison in (string[])["no json", """{"id":"x"}""", """{"id":"y","text":"\ud800"}"""])
        {
            yield return poison;
        }

        // What was decided comes again, and changes nothing.
        yield return """{"id":"item-7","text":"again"}""";
    }

    // Of one id, one key; who sends poison has none.
    private static string KeyOf(string body, int place) => body.StartsWith("{\"id\":\"item", StringComparison.Ordinal) ? IdOf(body) : $"{place}";

    private Task KillWhenDecidedAsync(string address, IDatabase database, int decisions) =>
        KillWhenAsync(async () => await database.StreamLengthAsync("moderation:decisions") >= decisions, Arguments(address));

    private async Task KillWhenAsync(Func<Task<bool>> isTime, string[] arguments)
    {
        using var process = ZwmlProcess.Start(_folder.Path, arguments);
        while (!process.HasExited && !await isTime())
        {
            await Task.Yield();
        }

        process.Kill();
        await process.WaitForExitAsync(Token);
    }
}
