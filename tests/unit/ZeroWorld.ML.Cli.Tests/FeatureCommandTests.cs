using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>The way of a data scientist: definitions, tables, a training set, what comes from where; with a server at work in the same directory.</summary>
public sealed class FeatureCommandTests : IDisposable
{
    private const string Definitions = """
        version: 1
        entities:
          - { name: account, owner: payments, keys: [{ name: account_id, type: int64 }] }
        feature_views:
          - name: balances
            entity: account
            tags: { tier: gold }
            source: { table: balances, event_time: at, created_time: known, keys: { account_id: account } }
            ttl: 10d
            features:
              - { name: amount, type: float64, bounds: { min: 0 } }
        feature_services:
          - name: transfer
            aliases: [{ name: sender, entity: account, keys: { account_id: sender_id } }]
            features: [sender.balances.amount, balances.amount]
          - { name: account, features: [balances.amount] }
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Features_FromDefinitionsToTrainingSet_WorkBesideAServer()
    {
        Write("defs.yaml", Definitions);
        Write("later.yaml", Definitions.Replace("10d", "36h", StringComparison.Ordinal).Replace("bounds: { min: 0 } }", "bounds: { min: 0 } }\n      - { name: grade, type: string }", StringComparison.Ordinal));
        Write("balances.csv", "account,at,known,amount\n7,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z,10\n8,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z,-5\n");
        Write("spine.csv", "id,at,a,b\n1,2024-01-04T00:00:00Z,7,8\n2,2024-01-04T00:00:00Z,8,\n");
        await RunAsync("apply", "defs.yaml");
        var imported = await RunAsync("import", "balances.csv", "balances", "--json");
        var materialized = await RunAsync("materialize", "--json");
        AssertOneOutOfBounds(JsonDocument.Parse(imported).RootElement.GetProperty("quality"));
        AssertOneOutOfBounds(JsonDocument.Parse(materialized).RootElement.GetProperty("views")[0].GetProperty("quality"));
        await RunAsync("import", "spine.csv", "spine", "-c", "id:int64", "at:timestamp", "a:int64", "b:int64");
        using var server = StartServer();

        // The server says where it answers when it is ready.
        var writer = Path.Combine(_folder.Path, "data", "writer");
        while (!File.Exists(writer) || !(await File.ReadAllTextAsync(writer, TestContext.Current.CancellationToken)).Contains("http", StringComparison.Ordinal))
        {
            Assert.False(server.HasExited, "the server ended");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        try
        {
            var made = await RunAsync(
                "features", "training-set", "transfer", "--spine", "spine", "--time-column", "at", "--key", "sender_id=a", "account_id=b", "--keep", "id", "--statuses", "--out", "set.parquet", "--json");
            var refused = await ZwmlProcess.RunAsync(_folder.Path, "import", "spine.csv", "spine", "-c", "id:int64", "--data", "data");
            var plan = await RunAsync("plan", "later.yaml");
            var shown = await RunAsync("features", "show", "balances");
            var got = await RunAsync("features", "get", "balances.*", "--entity", "account_id=7", "account_id=8", "--json");
            var table = await RunAsync("features", "get", "--service", "transfer", "--entity", "account_id=7", "sender_id=8");
            var lineage = await RunAsync("features", "lineage", "transfer", "--json");
            var several = await ZwmlProcess.RunAsync(_folder.Path, "features", "show", "account", "--json", "--data", "data");
            using var entity = JsonDocument.Parse(await RunAsync("features", "show", "account", "--kind", "entity", "--json"));

            using var card = JsonDocument.Parse(made);
            Assert.Equal(2, card.RootElement.GetProperty("rows").GetInt64());
            Assert.Equal(card.RootElement.GetRawText(), JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder.Path, "set.parquet.json"), TestContext.Current.CancellationToken)).RootElement.GetRawText());
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("is in use by process", refused.Error, StringComparison.Ordinal);
            Assert.Contains("ttl: 10d -> 36h", plan, StringComparison.Ordinal);
            Assert.Contains("there is no column 'grade'", plan, StringComparison.Ordinal);
            Assert.Contains("tags: { tier: gold }", shown, StringComparison.Ordinal);
            Assert.Contains("ttl: 10d", shown, StringComparison.Ordinal);
            Assert.Contains("bounds: { min: 0 }", shown, StringComparison.Ordinal);
            using var definition = JsonDocument.Parse(await RunAsync("features", "show", "balances", "--json"));
            Assert.Equal(0, definition.RootElement.GetProperty("bounds").GetProperty("amount").GetProperty("min").GetDouble());
            Assert.Equal("10d", definition.RootElement.GetProperty("declaration").GetProperty("ttl").GetString());
            using var answer = JsonDocument.Parse(got);
            var statuses = answer.RootElement.GetProperty("features")[0].GetProperty("statuses").EnumerateArray().Select(static status => status.GetString());
            Assert.Equal(["FEATURE_STATUS_OUTSIDE_MAX_AGE", "FEATURE_STATUS_OUTSIDE_MAX_AGE"], statuses);
            Assert.Contains("account_id 7, sender_id 8", table, StringComparison.Ordinal);
            Assert.Contains("sender_amount", table, StringComparison.Ordinal);
            Assert.NotEqual(0, several.ExitCode);
            Assert.Contains("Several definitions are named 'account'; expected --kind with one of: entity, feature_service", several.Error, StringComparison.Ordinal);
            Assert.Equal("payments", entity.RootElement.GetProperty("owner").GetString());
            using var paths = JsonDocument.Parse(lineage);
            var path = Assert.Single(paths.RootElement.EnumerateArray());
            Assert.Equal(("balances", "balances", "transfer"), (path.GetProperty("table").GetString(), path.GetProperty("view").GetString(), path.GetProperty("service").GetString()));
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Schema_Always_PrintsJson()
    {
        var (code, output, _) = await ZwmlProcess.RunAsync(_folder.Path, "schema");

        Assert.Equal(0, code);
        Assert.Equal("Feature definitions", JsonDocument.Parse(output).RootElement.GetProperty("title").GetString());
    }

    // The minimum is 0, and one of the two amounts is -5.
    private static void AssertOneOutOfBounds(JsonElement quality)
    {
        var feature = Assert.Single(quality.EnumerateArray());
        Assert.Equal(
            ("balances", "amount", 2, 1),
            (feature.GetProperty("view").GetString(), feature.GetProperty("feature").GetString(), feature.GetProperty("values").GetInt32(), feature.GetProperty("out_of_bounds").GetInt32()));
    }

    private System.Diagnostics.Process StartServer() =>
        ZwmlProcess.Start(_folder.Path, "serve", "--data", "data", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0");

    [Fact]
    public async Task Apply_FilesOfAnotherProject_AreOfItUnlessOneIsNamed()
    {
        Write("defs.yaml", Definitions.Replace("version: 1", "version: 1\nproject: shop", StringComparison.Ordinal));

        var (code, _, error) = await ZwmlProcess.RunAsync(_folder.Path, ["plan", "defs.yaml", "--project", "default", "--data", "data"]);
        await RunAsync("apply", "defs.yaml");

        Assert.NotEqual(0, code);
        Assert.Contains("The files define project 'shop', the request names 'default'", error, StringComparison.Ordinal);
        Assert.Contains("balances", await RunAsync("features", "list", "--project", "shop"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_DataDirectoryOfTheSettings_IsWrittenWithoutAFlag()
    {
        Write("defs.yaml", Definitions);
        Write("zeroworld.yaml", "data_directory: data\n");

        var (code, _, error) = await ZwmlProcess.RunAsync(_folder.Path, "apply", "defs.yaml");

        Assert.True(code == 0, error);
        Assert.True(File.Exists(Path.Combine(_folder.Path, "data", "definitions", "default.json")));
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, ".zeroworld")));
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--data", "data"]);
        Assert.True(code == 0, error);
        return output;
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);
}
