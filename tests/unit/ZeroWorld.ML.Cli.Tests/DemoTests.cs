using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>The whole job through the command line, as a new user runs it, on a small simulated file.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Demo_SimulatedTransactions_OnlineRowsEqualTheTrainingSetAndReplayIsBitEqual()
    {
        var (simulated, _, simulation) = await ZwmlProcess.RunAsync(_folder.Path, "simulate", "t.csv.gz", "--customers", "300", "--terminals", "600", "--days", "60");
        Assert.True(simulated == 0, simulation);

        var (code, output, error) = await ZwmlProcess.RunAsync(
            _folder.Path,
            "demo", "--exit", "--json", "--transactions", "t.csv.gz", "--data", "data", "--predictions", "1000",
            "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0");

        Assert.True(code == 0, error);
        using var report = JsonDocument.Parse(output);
        var predictions = report.RootElement.GetProperty("predictions");
        Assert.Equal(1000, predictions.GetProperty("count").GetInt32());
        Assert.Equal(0, predictions.GetProperty("differences").GetInt32());
        Assert.True(report.RootElement.GetProperty("replay_equal").GetBoolean());

        // A command after the demo finds what it left, in a process of its own.
        var id = predictions.GetProperty("sample_ids")[0].GetString()!;
        var (replayed, replay, replayError) = await ZwmlProcess.RunAsync(_folder.Path, "replay", id, "--data", "data");
        Assert.True(replayed == 0, replayError);
        Assert.Contains("equal, bit for bit", replay, StringComparison.Ordinal);
        var (predicted, prediction, predictError) = await ZwmlProcess.RunAsync(
            _folder.Path,
            "predict", "fraud", "--entity", "customer_id=1", "terminal_id=2", "--request", "amount=57.16", "--time", "2018-05-28T12:00:00Z", "--data", "data");
        Assert.True(predicted == 0, predictError);
        Assert.Contains("decision", prediction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_OtherTransactionsInTheSameDirectory_AreNotMergedWithThoseBefore()
    {
        await RunDemoAsync("a.csv.gz", "1", "70");
        await RunDemoAsync("b.csv.gz", "2", "60");
    }

    public void Dispose() => _folder.Dispose();

    private async Task RunDemoAsync(string file, string seed, string days)
    {
        var (simulated, _, simulation) = await ZwmlProcess.RunAsync(
            _folder.Path, "simulate", file, "--customers", "250", "--terminals", "500", "--days", days, "--seed", seed);
        Assert.True(simulated == 0, simulation);
        var (code, output, error) = await ZwmlProcess.RunAsync(
            _folder.Path,
            "demo", "--exit", "--json", "--transactions", file, "--data", "data", "--predictions", "200",
            "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0");
        Assert.True(code == 0, $"{output} {error}");
    }
}
