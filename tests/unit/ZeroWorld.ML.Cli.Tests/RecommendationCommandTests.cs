using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>The way of recommendation on the command line: a table of the feature store, two models, a push, an answer that is replayed.</summary>
public sealed class RecommendationCommandTests : IDisposable
{
    private const string Definitions = """
        version: 1
        entities:
          - { name: customer, keys: [{ name: customer_id, type: int64 }] }
        feature_views:
          - name: customer_clicks
            entity: customer
            source: { table: clicks, event_time: at, event_id: id, keys: { customer_id: customer_id }, push: true }
            window: {}
            features:
              - { name: recent_items, aggregate: last_k, k: 20, of: item, type: string, window: 30d }
        feature_services:
          - { name: recent_clicks, features: [ "customer_clicks.*" ] }
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_TableOfTheStore_LeavesDeletedUsersOutIsGatedAndAnswersAndReplays()
    {
        // Customers with even ids use even items, the others odd ones.
        var random = new Random(5);
        var rows = Enumerable.Range(0, 400).Select(row => string.Create(
            CultureInfo.InvariantCulture,
            $"{row},2024-01-01T00:{row / 60:00}:{row % 60:00}Z,{row % 40},i{(random.Next(10) * 2) + (row % 2)}"));
        Write("clicks.csv", string.Join('\n', rows.Prepend("id,at,customer_id,item")) + "\n");
        Write("items.csv", "item,attribute,value\n" + string.Join('\n', Enumerable.Range(0, 22).Select(static item => $"i{item},taste,{item % 2}")) + "\n");
        Write("defs.yaml", Definitions);
        await RunAsync("apply", "defs.yaml");
        await RunAsync("import", "clicks.csv", "clicks", "-c", "id:int64", "at:timestamp", "customer_id:int64", "item:string");

        var first = await TrainAsync("item-neighbours");
        await RunAsync("features", "delete-entity", "customer", "--key", "customer_id=4");
        var second = await TrainAsync("content", "--item-attributes", "items.csv");
        var pushed = await RunAsync("push", "clicks", "--now", "at", "-e", "id=9001", "customer_id=3", "item:string=i2", "-e", "id=9002", "customer_id=3", "item:string=i4");
        using var answer = JsonDocument.Parse(await RunAsync("recommend", "shop", "--user", "3", "--json"));
        var replayed = await RunAsync("replay", answer.RootElement.GetProperty("prediction_id").GetString()!, "--json");

        Assert.Equal((40, 1, "champion"), (first.GetProperty("users").GetInt32(), first.GetProperty("version").GetInt32(), first.GetProperty("alias").GetString()));
        Assert.Equal((39, 2, 22), (second.GetProperty("users").GetInt32(), second.GetProperty("version").GetInt32(), second.GetProperty("items").GetInt32()));
        Assert.Contains("of the challenger is ", second.GetProperty("gate").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("2 accepted, 0 refused", pushed, StringComparison.Ordinal);

        // Whether the read was within its time is the machine's affair here; that pushes are folded in, the functional tests hold.
        Assert.Contains("\"equal\": true", replayed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_TableThatIsNothing_SaysWhatItLookedFor()
    {
        var (exit, _, error) = await ZwmlProcess.RunAsync(_folder.Path, "train", "recommendation", "--table", "clicks", "--user", "u", "--item", "i", "--data", "data");

        Assert.Equal(2, exit);
        Assert.Contains("'clicks' is neither a file nor a table of project 'default'", error, StringComparison.Ordinal);
    }

    private async Task<JsonElement> TrainAsync(string algorithm, params string[] more)
    {
        var output = await RunAsync(
        [
            "train", "recommendation", "--table", "clicks", "--entity", "customer", "--user", "customer_id", "--item", "item", "--time", "at", "--algorithm", algorithm,
            "--recent", "recent_clicks:recent_items:customer_id", "--model", "shop", "--json", .. more,
        ]);
        return JsonDocument.Parse(output).RootElement;
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        var (exit, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--data", "data"]);
        Assert.True(exit == 0, $"{string.Join(' ', arguments)}: {exit}\n{output}\n{error}");
        return output;
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);
}
