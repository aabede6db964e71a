using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Runs;
using ZeroWorld.ML.Models.Registry.Storage;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>What a store of runs keeps and refuses: the same in every database.</summary>
public abstract class RunStoreContract : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<RunStore> _stores = [];
    private RegistryFixture _fixture = null!;
    private RunStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>An empty registry, of the database that the derived class is for.</summary>
    private protected abstract Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken);

    public async ValueTask InitializeAsync()
    {
        _fixture = await CreateAsync(Cancellation);
        _store = Open();
    }

    public ValueTask DisposeAsync()
    {
        _stores.ForEach(static store => store.Dispose());
        _fixture?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Start_WithParametersAndTags_IsReadBack()
    {
        var run = await StartAsync("fraud");

        var read = await _store.GetAsync("default", run.Id, Cancellation);

        Assert.Equal((RunStatus.Running, "a run", "fraud", null), (read.Status, read.Name, read.Experiment, read.Ended));
        Assert.Equal("0.05", read.Parameters["learning_rate"]);
        Assert.Equal("anna", read.Tags["by"]);
        Assert.Equal(32, run.Id.Length);
    }

    [Fact]
    public async Task AddMetrics_StepsOutOfOrder_KeepsAllAndShowsTheGreatestStep()
    {
        var run = await StartAsync("fraud");

        await _store.AddMetricsAsync(run.Id, [new("ap", 2, 0.7), new("ap", 1, 0.9), new("loss", 0, double.NaN), new("loss", 1, double.PositiveInfinity)], Cancellation);
        await _store.AddMetricsAsync(run.Id, [new("ap", 0, 0.5), new("ap", 2, 0.75)], Cancellation);

        Assert.Equal(
            [new("ap", 0, 0.5), new("ap", 1, 0.9), new("ap", 2, 0.75), new("loss", 0, double.NaN), new("loss", 1, double.PositiveInfinity)],
            await _store.ReadMetricsAsync(run.Id, Cancellation));
        var read = await _store.GetAsync("default", run.Id, Cancellation);
        Assert.Equal((0.75, double.PositiveInfinity), (read.Metrics["ap"], read.Metrics["loss"]));
    }

    [Fact]
    public async Task AddParameters_OtherValueForAKnownOne_IsAConflictAndTheSameIsNot()
    {
        var run = await StartAsync("fraud");

        await _store.AddParametersAsync(run.Id, new Dictionary<string, string> { ["learning_rate"] = "0.05", ["trees"] = "200" }, Cancellation);
        var exception = await Assert.ThrowsAsync<RegistryException>(
            () => _store.AddParametersAsync(run.Id, new Dictionary<string, string> { ["trees"] = "300" }, Cancellation));

        Assert.Equal(RegistryError.Conflict, exception.Error);
        Assert.Contains("'trees' of run", exception.Message, StringComparison.Ordinal);
        Assert.Equal("200", (await _store.GetAsync("default", run.Id, Cancellation)).Parameters["trees"]);
    }

    [Fact]
    public async Task List_ParentsAndExperiments_AreFilteredAndNewestFirst()
    {
        var search = await StartAsync("fraud");
        var first = await StartAsync("fraud", search.Id);
        var second = await StartAsync("fraud", search.Id);
        await StartAsync("other");

        Assert.Equal([second.Id, first.Id], (await _store.ListAsync("default", null, search.Id, 10, Cancellation)).Select(static run => run.Id));
        Assert.Equal([second.Id, first.Id, search.Id], (await _store.ListAsync("default", "fraud", null, 10, Cancellation)).Select(static run => run.Id));
        Assert.Single(await _store.ListAsync("default", null, null, 1, Cancellation));
        Assert.Empty(await _store.ListAsync("elsewhere", null, null, 10, Cancellation));
    }

    [Fact]
    public async Task Get_BeginningOfAnId_FindsTheOnlyOneAndNamesTheTrouble()
    {
        var run = await StartAsync("fraud");
        await StartAsync("fraud");

        Assert.Equal(run.Id, (await _store.GetAsync("default", run.Id[..31], Cancellation)).Id);
        Assert.Contains("More than one run", (await Assert.ThrowsAsync<RegistryException>(() => _store.GetAsync("default", "0", Cancellation))).Message, StringComparison.Ordinal);
        Assert.Equal(RegistryError.NotFound, (await Assert.ThrowsAsync<RegistryException>(() => _store.GetAsync("default", "ff", Cancellation))).Error);
    }

    [Fact]
    public async Task Artifacts_AFileAgain_IsReplacedAndComesBackByDigest()
    {
        var run = await StartAsync("fraud");
        var path = _folder.Combine("curve.json");
        await File.WriteAllTextAsync(path, "old", Cancellation);
        await _store.AddArtifactAsync(run.Id, "plots/curve.json", path, Cancellation);
        await File.WriteAllTextAsync(path, "newer", Cancellation);
        await _store.AddArtifactAsync(run.Id, "plots/curve.json", path, Cancellation);

        var copy = _folder.Combine("copy");
        await _store.GetArtifactAsync(run.Id, "plots/curve.json", copy, Cancellation);

        Assert.Equal("newer", await File.ReadAllTextAsync(copy, Cancellation));
        Assert.Equal(5, Assert.Single((await _store.GetAsync("default", run.Id, Cancellation)).Artifacts).Bytes);
        Assert.Equal(
            RegistryError.InvalidInput, (await Assert.ThrowsAsync<RegistryException>(() => _store.AddArtifactAsync(run.Id, "../out", path, Cancellation))).Error);
    }

    [Fact]
    public async Task Finish_Twice_MayRepeatButNotChange()
    {
        var run = await StartAsync("fraud");

        await _store.FinishAsync(run.Id, RunStatus.Failed, Cancellation);
        await _store.FinishAsync(run.Id, RunStatus.Failed, Cancellation);
        var exception = await Assert.ThrowsAsync<RegistryException>(() => _store.FinishAsync(run.Id, RunStatus.Finished, Cancellation));

        Assert.Equal(RegistryError.Conflict, exception.Error);
        Assert.NotNull((await _store.GetAsync("default", run.Id, Cancellation)).Ended);
        Assert.Equal(RegistryError.Conflict, (await Assert.ThrowsAsync<RegistryException>(() => _store.ResumeAsync(run.Id, Cancellation))).Error);
    }

    [Fact]
    public async Task Resume_OfAnInterruptedRun_LetsItRunAndEnd()
    {
        var run = await StartAsync("fraud");
        await _store.FinishAsync(run.Id, RunStatus.Interrupted, Cancellation);
        var interrupted = await _store.GetAsync("default", run.Id, Cancellation);

        await _store.ResumeAsync(run.Id, Cancellation);
        var resumed = await _store.GetAsync("default", run.Id, Cancellation);
        await _store.FinishAsync(run.Id, RunStatus.Finished, Cancellation);

        Assert.Equal(RunStatus.Interrupted, interrupted.Status);
        Assert.NotNull(interrupted.Ended);
        Assert.Equal((RunStatus.Running, null), (resumed.Status, resumed.Ended));
        Assert.Equal(RunStatus.Finished, (await _store.GetAsync("default", run.Id, Cancellation)).Status);
    }

    [Fact]
    public async Task Changes_FromTwoStoresAtOnce_AreAllThere()
    {
        var run = await StartAsync("fraud");
        var other = Open();
        RunStore[] stores = [_store, other];

        await Task.WhenAll(Enumerable.Range(0, 60).Select(step => stores[step % 2].AddMetricsAsync(run.Id, [new("ap", step, step)], Cancellation)));

        Assert.Equal(60, (await _store.ReadMetricsAsync(run.Id, Cancellation)).Count);
        Assert.Equal(59, (await _store.GetAsync("default", run.Id, Cancellation)).Metrics["ap"]);
    }

    [Fact]
    public async Task Open_ManyStoresAtOnce_MakeOneDatabase()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Open()).Select(store => Task.Run(() => StartAsync(store, "fraud", null))));

        Assert.Equal(8, runs.DistinctBy(static run => run.Id).Count());
        Assert.Equal(8, (await _store.ListAsync("default", null, null, 100, Cancellation)).Count);
    }

    [Fact]
    public async Task AddParameters_TheSameFromManyStoresAtOnce_IsKeptOnce()
    {
        var run = await StartAsync("fraud");
        var parameters = new Dictionary<string, string> { ["trees"] = "200" };

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Open()).Select(store => Task.Run(() => store.AddParametersAsync(run.Id, parameters, Cancellation))));

        Assert.Equal("200", (await _store.GetAsync("default", run.Id, Cancellation)).Parameters["trees"]);
    }

    [Fact]
    public async Task Changes_OutsideTheBounds_NameFieldAndBound()
    {
        var run = await StartAsync("fraud");
        var entries = Enumerable.Range(0, 10_001).Select(static step => new RunMetric("ap", step, 0)).ToArray();

        await RefusedAsync(() => _store.AddMetricsAsync(run.Id, [new("", 0, 1)], Cancellation), "name of a metric is ''");
        await RefusedAsync(() => _store.AddMetricsAsync(run.Id, [new("ap", -1, 1)], Cancellation), "step -1");
        await RefusedAsync(() => _store.AddMetricsAsync(run.Id, entries, Cancellation), "at most 10000");
        await RefusedAsync(() => _store.SetTagsAsync(run.Id, new Dictionary<string, string> { ["a"] = new('x', 4097) }, Cancellation), "at most 4096");
        await RefusedAsync(() => _store.SetNoteAsync(run.Id, new string('x', 65_537), Cancellation), "at most 65536");
        await RefusedAsync(() => _store.SetNoteAsync(run.Id, "a\0b", Cancellation), "U+0000");
        await RefusedAsync(() => _store.SetTagsAsync(run.Id, new Dictionary<string, string> { ["a"] = "\0" }, Cancellation), "U+0000");
        await RefusedAsync(() => _store.FinishAsync(run.Id, RunStatus.Running, Cancellation), "cannot end as Running");
        await RefusedAsync(() => _store.StartAsync(new RunStart { Experiment = "", Name = "x" }, Cancellation), "experiment is ''");
    }

    [Fact]
    public async Task Changes_OfARunThatIsNotThere_SayNotFound()
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(() => _store.SetNoteAsync("0123", "x", Cancellation));

        Assert.Equal((RegistryError.NotFound, "There is no run '0123'."), (exception.Error, exception.Message));
        Assert.Equal(
            RegistryError.NotFound,
            (await Assert.ThrowsAsync<RegistryException>(() => _store.StartAsync(new RunStart { Experiment = "e", Name = "n", Parent = "none" }, Cancellation))).Error);
    }

    [Fact]
    public async Task Open_DatabaseOfANewerBuild_IsRefusedWithItsSchema()
    {
        await StartAsync("fraud");
        using (var engine = DatabasePlace.Runs(_fixture.Options).CreateEngine(_fixture.Options, TimeProvider.System))
        {
            await using var context = new RunDbContext(engine.CreateOptions<RunDbContext>());
            await context.State.ExecuteUpdateAsync(static set => set.SetProperty(static row => row.Schema, 9), Cancellation);
        }

        var store = Open();
        var exception = await Assert.ThrowsAsync<RegistryException>(() => store.ListAsync("default", null, null, 1, Cancellation));

        Assert.Contains("schema 9; this build knows schema 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IsLost_RunningWithoutASignForTooLong_IsTrue()
    {
        var run = await StartAsync("fraud");

        Assert.False(run.IsLost(run.LastSeen.AddSeconds(59), TimeSpan.FromMinutes(1)));
        Assert.True(run.IsLost(run.LastSeen.AddSeconds(61), TimeSpan.FromMinutes(1)));
        await _store.FinishAsync(run.Id, RunStatus.Finished, Cancellation);
        Assert.False((await _store.GetAsync("default", run.Id, Cancellation)).IsLost(run.LastSeen.AddDays(1), TimeSpan.FromMinutes(1)));
    }

    private static async Task RefusedAsync(Func<Task> call, string part)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(call);
        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
    }

    /// <summary>A further store on the same database, as another process has it.</summary>
    private RunStore Open()
    {
        var store = RunStore.Open(_fixture.Options);
        _stores.Add(store);
        return store;
    }

    private Task<TrainingRun> StartAsync(string experiment, string? parent = null) => StartAsync(_store, experiment, parent);

    private static Task<TrainingRun> StartAsync(RunStore store, string experiment, string? parent) => store.StartAsync(
        new RunStart
        {
            Experiment = experiment,
            Name = "a run",
            Parent = parent,
            Parameters = new Dictionary<string, string> { ["learning_rate"] = 0.05.ToString(CultureInfo.InvariantCulture) },
            Tags = new Dictionary<string, string> { ["by"] = "anna" },
        },
        Cancellation);
}
