using System.Text.Json;
using System.Text.RegularExpressions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>What a user sees of trainings on a table afterwards: runs side by side, and reasons of single predictions.</summary>
public sealed class FraudReportTests : IDisposable
{
    private const string Service = """
        version: 1
        feature_services:
          - name: payment
            request: [ { name: amount, type: float64 }, { name: at, type: timestamp }, { name: channel, type: string } ]
            features: [ amount, at, channel ]
        """;

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunsCompare_OtherSettings_ListsParametersThatDifferInTableJsonAndPage()
    {
        WriteTable(2_000);
        var first = await TrainAsync("--algorithm", "logistic-regression", "--name", "plain");
        var second = await TrainAsync("--algorithm", "logistic-regression", "--balance", "Plain", "Weights", "--cost-false-alarm", "1", "--cost-miss", "20", "--name", "weighted");

        var page = Path.Combine(_folder.Path, "runs.html");
        var table = await ZwmlAsync("runs", "compare", first, second, "--html", page);
        using var json = JsonDocument.Parse(await ZwmlAsync("runs", "compare", first, second, "--json"));
        using var all = JsonDocument.Parse(await ZwmlAsync("runs", "compare", first, second, "--json", "--all"));

        var html = await File.ReadAllTextAsync(page, Cancellation);
        foreach (var name in (string[])["balance", "cost_false_alarm", "cost_miss", "alert_share"])
        {
            Assert.Contains($"parameter {name}", table, StringComparison.Ordinal);
            Assert.Contains($"<td>{name}</td>", html, StringComparison.Ordinal);
        }

        Assert.Contains("parameter that differs", html, StringComparison.Ordinal);
        Assert.DoesNotContain("parameter label ", table, StringComparison.Ordinal);
        var differences = json.RootElement.GetProperty("differences").EnumerateArray().ToDictionary(
            static one => $"{one.GetProperty("kind").GetString()} {one.GetProperty("name").GetString()}", static one => one.GetProperty("values").EnumerateArray().Select(static value => value.GetString()).ToArray());
        Assert.Equal(["Plain", "Plain,Weights"], differences["parameter balance"]);
        Assert.Equal([null, "20"], differences["parameter cost_miss"]);
        Assert.DoesNotContain("parameter label", differences.Keys);
        Assert.Equal([first, second], json.RootElement.GetProperty("runs").EnumerateArray().Select(static run => run.GetProperty("id").GetString()));
        Assert.Contains(all.RootElement.GetProperty("differences").EnumerateArray(), static one => one.GetProperty("name").GetString() == "label");
    }

    [Fact]
    public async Task RunsShow_ThreeTrials_HasWholeNumbersBelowTheirPlot()
    {
        WriteTable(2_000);
        var run = await TrainAsync("--algorithm", "logistic-regression");
        var page = Path.Combine(_folder.Path, "run.html");

        await ZwmlAsync("runs", "show", run, "--html", page);

        var trials = Regex.Match(await File.ReadAllTextAsync(page, Cancellation), "<svg[^>]*><text[^>]*>trials: .*?</svg>").Value;
        var ticks = Regex.Matches(trials, "y=\"292\" text-anchor=\"middle\">([^<]*)<").Select(static tick => tick.Groups[1].Value);
        Assert.Equal(["0", "1", "2"], ticks);
    }

    [Theory]
    [InlineData("lightgbm")]
    [InlineData("logistic-trees")]
    public async Task TrainFraud_EarlyStopping_SaysWhereItStopped(string algorithm)
    {
        WriteTable(2_000);

        var report = await ZwmlAsync([.. Arguments(), "--algorithm", algorithm, "--early-stopping", "5"]);

        Assert.Matches(@"early stopping: kept the first \d+ trees by seed, of at most 2000", report);
    }

    // Its reasons are those of a linear model and of trees; AlgorithmTests has each alone.
    [Fact]
    public async Task Predict_ModelOfATable_GivesTheReasonsOfTheRow()
    {
        WriteTable(3_000);
        var package = Path.Combine(_folder.Path, "package");
        await TrainAsync("--algorithm", "logistic-trees", "--calibration", "None", "--model", "payments", "--out", package);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "payment.yaml"), Service, Cancellation);
        await ZwmlAsync("apply", Path.Combine(_folder.Path, "payment.yaml"));
        var bound = Path.Combine(_folder.Path, "bound");
        await ZwmlAsync("models", "bind", package, "--service", "payment", "--input", "features=amount", "times=at", "categories=texts:channel", "-o", bound);
        await ZwmlAsync("models", "register", "payments", bound);
        await ZwmlAsync("models", "alias", "payments", "champion", "1");

        using var answer = JsonDocument.Parse(await ZwmlAsync(
            "predict", "payments", "--reasons", "9", "--json", "--request", "amount=350", "at=2023-02-03T04:05:06Z", "channel=shop"));

        var text = answer.RootElement.ToString();
        var reasons = answer.RootElement.GetProperty("reasons")[0];
        var codes = reasons.GetProperty("codes").EnumerateArray().ToDictionary(static code => code.GetProperty("feature").GetString()!, static code => code.GetProperty("contribution").GetDouble());
        var probability = answer.RootElement.GetProperty("outputs")[0].GetProperty("float32s").GetProperty("values")[0].GetDouble();
        Assert.True(codes["amount"] > 0 && codes["channel"] > 0, text);
        Assert.All(codes.Keys, static column => Assert.Contains(column, (string[])["amount", "channel", "hour of at"]));
        Assert.Equal(probability, 1 / (1 + Math.Exp(-(reasons.GetProperty("base_value").GetDouble() + codes.Values.Sum()))), 1e-4);
    }

    private async Task<string> TrainAsync(params string[] further)
    {
        using var report = JsonDocument.Parse(await ZwmlAsync([.. Arguments(), .. further, "--json"]));
        return report.RootElement.GetProperty("run").GetString()!;
    }

    private async Task<string> ZwmlAsync(params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--data", Path.Combine(_folder.Path, "data")]);
        Assert.True(code == 0, error + output);
        return output;
    }

    private string[] Arguments() => ["train", "fraud", "--table", Path.Combine(_folder.Path, "table.csv"), "--label", "bad", "--time", "at", "--entity", "customer", "--seeds", "1"];

    private void WriteTable(int rows) => CardTable.Write(Path.Combine(_folder.Path, "table.csv"), rows, hasMissing: false);
}
