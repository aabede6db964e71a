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

    [Fact]
    public async Task InterruptAsync_RunIsTakenUp_RunsAndEnds()
    {
        using var store = RunStore.Open(new ModelRegistryOptions { DataDirectory = _folder.Path });
        var start = new RunStart { Experiment = "fraud", Name = "table.csv" };
        string id;
        await using (var run = await RunTracker.OpenAsync(store, start, "fingerprint", Metric, null, TimeProvider.System, Cancellation))
        {
            id = run.Run.Id;
            await run.InterruptAsync("The disk is full.");
        }

        var interrupted = await store.GetAsync("default", id, Cancellation);
        await using (var resumed = await RunTracker.OpenAsync(store, start, "fingerprint", Metric, id, TimeProvider.System, Cancellation))
        {
            var running = await store.GetAsync("default", id, Cancellation);
            Assert.Equal((RunStatus.Running, null), (running.Status, running.Ended));
            await resumed.FailAsync("no rows");
        }

        var refused = await Assert.ThrowsAsync<TrainingException>(() => RunTracker.OpenAsync(store, start, "fingerprint", Metric, id, TimeProvider.System, Cancellation));

        Assert.Equal((RunStatus.Interrupted, "The disk is full."), (interrupted.Status, interrupted.Note));
        Assert.NotNull(interrupted.Ended);
        Assert.False(interrupted.IsLost(interrupted.LastSeen.AddDays(1), TimeSpan.FromMinutes(1)));
        Assert.Contains("has ended as Failed; only a run that was killed or interrupted is taken up again", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndAndInterrupt_StoreIsAway_DoNotHideWhatStoppedTheTraining()
    {
        PostgresProcess.SkipIfMissing();
        var postgres = await PostgresProcess.StartAsync(Cancellation);
        using var store = RunStore.Open(new ModelRegistryOptions { DataDirectory = _folder.Path, Postgres = postgres.ConnectionString });
        await using var run = await RunTracker.OpenAsync(store, new RunStart { Experiment = "fraud", Name = "t" }, "fingerprint", Metric, null, TimeProvider.System, Cancellation);
        await postgres.DisposeAsync();

        await run.InterruptAsync("The disk is full.");
        await run.EndAsync(new InvalidOperationException("no rows"));

        Assert.Equal(RegistryError.StoreUnavailable, (await Assert.ThrowsAsync<RegistryException>(() => run.FailAsync("no rows"))).Error);
    }

    private static TrackedTrial TrialOf(int index, string key, params double[] values) => new(index, key, "lightgbm", new Dictionary<string, string>(), values);
}
