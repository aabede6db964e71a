using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>From a table of events to predictions by entity: training set, training, <c>zwml models bind</c>.</summary>
public sealed class BindCommandTests : IDisposable
{
    private const string Definitions = """
        version: 1
        entities: [ { name: customer, keys: [ { name: customer, type: string } ] } ]
        feature_views:
          - name: spending
            entity: customer
            source: { table: payments, event_time: at }
            window: { label_delay: 1d }
            features: [ { name: bad_share_30d, aggregate: mean, of: bad, window: 30d } ]
        feature_services:
          - name: payment
            request: [ { name: amount, type: float64 }, { name: channel, type: string } ]
            transforms: [ { name: moment, type: timestamp, expression: time } ]
            features: [ moment, amount, channel, spending.* ]
          - name: timeless
            request: [ { name: amount, type: float64 }, { name: channel, type: string } ]
            features: [ amount, channel, spending.* ]
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bind_ModelOfATrainingSet_TakesTheColumnsOfItsTable()
    {
        CardTable.Write(At("table.csv"), 2_000, hasMissing: false);
        await File.WriteAllTextAsync(At("definitions.yaml"), Definitions, TestContext.Current.CancellationToken);
        await ZwmlAsync("apply", At("definitions.yaml"));
        await ZwmlAsync("import", At("table.csv"), "payments", "--time-zone", "UTC");
        await ZwmlAsync("features", "training-set", "payment", "--spine", "payments", "--time-column", "at", "--keep", "bad", "customer", "--out", At("train.parquet"));
        await ZwmlAsync(
            "train", "fraud", "--table", At("train.parquet"), "--label", "bad", "--time", "moment", "--entity", "customer", "--seeds", "1", "--algorithm", "logistic-regression",
            "--model", "payments", "--out", At("package"));

        var unknown = await RefusedAsync("models", "bind", At("package"), "--service", "timeless", "-o", At("timeless"));
        await ZwmlAsync("models", "bind", At("package"), "--service", "payment", "-o", At("bound"));
        await ZwmlAsync("models", "register", "payments", At("bound"));
        await ZwmlAsync("models", "alias", "payments", "champion", "1");
        await ZwmlAsync("materialize");
        using var answer = JsonDocument.Parse(await ZwmlAsync(
            "predict", "payments", "--json", "--entity", "customer=c7", "--request", "amount=350", "channel=shop", "--time", "2023-01-28T18:00:00Z"));

        using var lineage = JsonDocument.Parse(await ZwmlAsync("features", "lineage", "payment", "--json"));
        using var card = JsonDocument.Parse(await File.ReadAllTextAsync(At("train.parquet.json"), TestContext.Current.CancellationToken));

        var path = Assert.Single(lineage.RootElement.EnumerateArray());
        Assert.Equal(("payments", 1), (path.GetProperty("model").GetString(), path.GetProperty("version").GetInt32()));
        Assert.Equal("champion", Assert.Single(path.GetProperty("aliases").EnumerateArray()).GetString());
        Assert.Equal(card.RootElement.GetProperty("fingerprint").GetString(), path.GetProperty("training_set").GetString());
        Assert.False(path.GetProperty("is_retired").GetBoolean());
        Assert.Contains("Input 'times' reads 'moment', which is no column of feature service 'timeless'; expected some of: amount, channel, bad_share_30d.", unknown, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("timeless")));
        var share = answer.RootElement.GetProperty("features").EnumerateArray().Single(static feature => feature.GetProperty("column").GetProperty("name").GetString() == "bad_share_30d");
        Assert.Contains("PRESENT", share.ToString(), StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private async Task<string> ZwmlAsync(params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--data", At("data")]);
        Assert.True(code == 0, error + output);
        return output;
    }

    private async Task<string> RefusedAsync(params string[] arguments)
    {
        var (code, _, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--data", At("data")]);
        Assert.NotEqual(0, code);
        return error;
    }
}
