using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>A run in the store that the command line opens.</summary>
public sealed class RunTrackerTests : IDisposable
{
    private const string Metric = "validation_average_precision";

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OpenAsync_TakenUp_KnowsTrialsThatWereLeftOutBeforeTheyWereMeasured()
    {
        using var store = RunStore.Open(new ModelRegistryOptions { DataDirectory = _folder.Path });
        var start = new RunStart { Experiment = "fraud", Name = "table.csv" };
        string killed;
        await using (var run = await RunTracker.OpenAsync(store, start, "fingerprint", Metric, null, TimeProvider.System, Cancellation))
        {
            killed = run.Run.Id;
            await run.AddTrialAsync(TrialOf(0, "measured", 0.25, 0.5), Cancellation);
            await run.AddTrialAsync(TrialOf(1, "left out"), Cancellation);
        }

        await using var resumed = await RunTracker.OpenAsync(store, start, "fingerprint", Metric, killed, TimeProvider.System, Cancellation);

        Assert.Equal([0.25, 0.5], resumed.KnownTrials["measured"]);
        Assert.Empty(resumed.KnownTrials["left out"]);
        Assert.Equal(0.375, (await store.GetAsync("default", killed, Cancellation)).Metrics[$"trial_{Metric}"]);
    }

    private static TrackedTrial TrialOf(int index, string key, params double[] values) => new(index, key, "lightgbm", new Dictionary<string, string>(), values);
}
