using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary><c>zwml train fraud</c> and <c>zwml runs</c> as their user calls them.</summary>
public sealed class TrainFraudTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Directory => Path.Combine(_folder.Path, "data");

    private string Table => Path.Combine(_folder.Path, "table.csv");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrainFraud_PlainCsv_RegistersAChampionAndTracksTheRun()
    {
        WriteTable(3_000);

        var train = await ZwmlProcess.RunAsync(_folder.Path, [.. Arguments(), "--json"]);

        Assert.True(train.ExitCode == 0, train.Error);
        using var report = JsonDocument.Parse(train.Output);
        Assert.Equal(("champion", 1), (report.RootElement.GetProperty("alias").GetString(), report.RootElement.GetProperty("version").GetInt32()));
        Assert.InRange(report.RootElement.GetProperty("packaged").GetProperty("auc_roc").GetDouble(), 0.6, 1);
        var run = report.RootElement.GetProperty("run").GetString()!;
        var page = Path.Combine(_folder.Path, "run.html");
        var shown = await ZwmlProcess.RunAsync(_folder.Path, "runs", "show", run[..16], "--html", page, "--data", Directory);
        Assert.True(shown.ExitCode == 0, shown.Error);
        Assert.Contains("test_average_precision", shown.Output, StringComparison.Ordinal);
        var html = await File.ReadAllTextAsync(page, Cancellation);
        Assert.All((string[])["ROC", "precision and recall", "calibration", "let through"], part => Assert.Contains(part, html, StringComparison.Ordinal));
        var listed = await ZwmlProcess.RunAsync(_folder.Path, "runs", "list", "--json", "--data", Directory);
        Assert.Equal("finished", JsonDocument.Parse(listed.Output).RootElement[0].GetProperty("status").GetString());
    }

    [Fact]
    public async Task TrainFraud_KilledInTheMiddle_LosesNothingAndIsTakenUpAgain()
    {
        WriteTable(6_000);
        string[] arguments = [.. Arguments(), "--algorithm", "logistic-regression", "fasttree"];
        using var process = ZwmlProcess.Start(_folder.Path, arguments);
        using var store = await WaitForStoreAsync(process);
        IReadOnlyList<TrainingRun> trials = [];
        while (trials.Count == 0 && !process.HasExited)
        {
            await Task.Delay(50, Cancellation);
            trials = [.. (await store.ListAsync("default", null, null, 100, Cancellation)).Where(static run => run.Parent is not null && run.Status == RunStatus.Finished)];
        }

        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(Cancellation);

        var killed = Assert.Single(await store.ListAsync("default", null, null, 100, Cancellation), static run => run.Parent is null);
        Assert.Equal(RunStatus.Running, killed.Status);
        var kept = (await store.ListAsync("default", null, killed.Id, 100, Cancellation)).Count(static run => run.Status == RunStatus.Finished);
        Assert.True(kept >= 1);
        var resumed = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--resume", killed.Id, "--json"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        var parts = await store.ListAsync("default", null, killed.Id, 100, Cancellation);
        Assert.Equal(5, parts.Count(static run => run.Status == RunStatus.Finished));
        Assert.Equal(5, parts.Where(static run => run.Status == RunStatus.Finished).Select(static run => run.Tags["trial_key"]).Distinct().Count());
        Assert.Equal(RunStatus.Finished, (await store.GetAsync("default", killed.Id, Cancellation)).Status);
    }

    [Fact]
    public async Task TrainFraud_KilledAmongTheFitsOfItsSeeds_EndsWithTheModelOfAnUnbrokenRun()
    {
        WriteTable(6_000);
        string[] arguments =
        [
            "train", "fraud", "--table", Table, "--label", "bad", "--time", "at", "--entity", "customer", "--algorithm", "fasttree", "--seeds", "1", "2", "3", "--data", Directory, "--json",
        ];
        using var process = ZwmlProcess.Start(_folder.Path, [.. arguments, "--out", Path.Combine(_folder.Path, "killed")]);
        using var store = await WaitForStoreAsync(process);

        // Two trials on five folds and two of the seeds on the fit rows: three fits on all training rows are still to come.
        while (CountCheckpoints() < 12 && !process.HasExited)
        {
            await Task.Delay(10, Cancellation);
        }

        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(Cancellation);
        var killed = Assert.Single(await store.ListAsync("default", null, null, 100, Cancellation), static run => run.Parent is null);
        Assert.Equal(RunStatus.Running, killed.Status);
        Assert.InRange(CountCheckpoints(), 12, 15);

        var resumed = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--resume", killed.Id, "--out", Path.Combine(_folder.Path, "resumed")]);
        var whole = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--out", Path.Combine(_folder.Path, "whole")]);

        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.True(whole.ExitCode == 0, whole.Error);
        Assert.Equal(await ModelAsync("whole"), await ModelAsync("resumed"));
        Assert.Equal(0, CountCheckpoints());

        int CountCheckpoints() => System.IO.Directory.Exists(Path.Combine(Directory, "checkpoints"))
            ? System.IO.Directory.GetFiles(Path.Combine(Directory, "checkpoints"), "*.checkpoint", SearchOption.AllDirectories).Length
            : 0;

        Task<byte[]> ModelAsync(string package) => File.ReadAllBytesAsync(Path.Combine(_folder.Path, package, "model.onnx"), Cancellation);
    }

    [Fact]
    public async Task TrainFraud_RegistryInPostgres_KeepsRunsAndFindsTheChampionThere()
    {
        PostgresProcess.SkipIfMissing();
        await using var postgres = await PostgresProcess.StartAsync(Cancellation);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "zeroworld.yaml"), $"Registry:\n  Postgres: {postgres.ConnectionString}\n", Cancellation);
        WriteTable(1_000);
        string[] arguments = [.. Arguments(), "--algorithm", "logistic-regression", "--json"];

        var first = await ZwmlProcess.RunAsync(_folder.Path, arguments);
        var second = await ZwmlProcess.RunAsync(_folder.Path, arguments);

        Assert.True(first.ExitCode == 0, first.Error);
        Assert.True(second.ExitCode == 0, second.Error);
        using var champion = JsonDocument.Parse(first.Output);
        using var again = JsonDocument.Parse(second.Output);
        Assert.Equal("champion", champion.RootElement.GetProperty("alias").GetString());
        Assert.Contains("neither better nor worse: the difference is 0.0000", again.RootElement.GetProperty("gate").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, again.RootElement.GetProperty("alias").ValueKind);
        using var store = RunStore.Open(new ModelRegistryOptions { DataDirectory = Directory, Postgres = postgres.ConnectionString });
        Assert.Equal(2, (await store.ListAsync("default", "fraud", null, 100, Cancellation)).Count(static run => run.Parent is null && run.Status == RunStatus.Finished));
        var listed = await ZwmlProcess.RunAsync(_folder.Path, "runs", "list", "--json", "--data", Directory);
        Assert.Equal(2, JsonDocument.Parse(listed.Output).RootElement.GetArrayLength());
        Assert.False(File.Exists(new ModelRegistryOptions { DataDirectory = Directory }.RunsDatabasePath));
    }

    [Fact]
    public async Task TrainFraud_ArtifactStoreAwayAtTheEnd_KeepsTheRunAndItIsTakenUp()
    {
        WriteTable(1_000);
        var (settings, secret) = (Path.Combine(_folder.Path, "zeroworld.yaml"), Path.Combine(_folder.Path, "secret"));
        await File.WriteAllTextAsync(secret, "secret", Cancellation);

        // Nobody listens there: the port was free a moment ago, and this test does not begin anything on it.
        await File.WriteAllTextAsync(
            settings,
            string.Create(CultureInfo.InvariantCulture, $"S3:\n  Bucket: models\n  Endpoint: http://127.0.0.1:{LoopbackPort.FindFree()}\n  AccessKey: key\n  SecretKeyFile: {secret}\n  RetriesMax: 0\n"),
            Cancellation);
        string[] arguments = [.. Arguments(), "--algorithm", "logistic-regression"];

        var failed = await ZwmlProcess.RunAsync(_folder.Path, arguments);
        using var store = RunStore.Open(new ModelRegistryOptions { DataDirectory = Directory });
        var run = Assert.Single(await store.ListAsync("default", "fraud", null, 100, Cancellation), static run => run.Parent is null);
        File.Delete(settings);
        var resumed = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--resume", run.Id]);

        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains($"The run is kept: take it up with --resume {run.Id} when the store is there again.", Unwrap(failed.Error), StringComparison.Ordinal);
        Assert.Equal(RunStatus.Interrupted, run.Status);
        Assert.Contains("http://127.0.0.1:", run.Note, StringComparison.Ordinal);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(RunStatus.Finished, (await store.GetAsync("default", run.Id, Cancellation)).Status);
        Assert.Equal(3, (await store.ListAsync("default", null, run.Id, 100, Cancellation)).Count);
    }

    [Fact]
    public async Task TrainFraud_DatabaseOfRunsGoesAwayAmidIt_SaysHowItIsTakenUp()
    {
        PostgresProcess.SkipIfMissing();
        var postgres = await PostgresProcess.StartAsync(Cancellation);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "zeroworld.yaml"), $"Registry:\n  Postgres: {postgres.ConnectionString}\n", Cancellation);
        WriteTable(3_000);

        var training = ZwmlProcess.RunAsync(_folder.Path, [.. Arguments(), "--algorithm", "fasttree"]);
        var checkpoints = Path.Combine(Directory, "checkpoints");
        while (!training.IsCompleted && !(System.IO.Directory.Exists(checkpoints) && System.IO.Directory.EnumerateFileSystemEntries(checkpoints).Any()))
        {
            await Task.Delay(10, Cancellation);
        }

        // Two trials on five folds: nearly all is still to come, and the first trial that is done is to be written.
        await postgres.DisposeAsync();
        var failed = await training;

        Assert.NotEqual(0, failed.ExitCode);
        var error = Unwrap(failed.Error);
        Assert.Contains("cannot be reached", error, StringComparison.Ordinal);
        var run = Path.GetFileName(Assert.Single(System.IO.Directory.GetDirectories(checkpoints)));
        Assert.Contains($"The run is kept: take it up with --resume {run} when the store is there again.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainFraud_WrongCalls_SayWhatIsWrong()
    {
        WriteTable(500);

        await FailsAsync("there is no column 'nothing'", "--features", "nothing");
        await FailsAsync("There is no run", "--resume", "0123");
        await FailsAsync("go together", "--cost-miss", "3");
    }

    [Theory]
    [InlineData("--algorithm: 'svm' is unknown; expected one of logistic-regression, ", "--algorithm", "svm")]
    [InlineData("--test-share: 1.5; expected above 0 and below 1", "--test-share", "1.5")]
    [InlineData("--test-from: 2023-02-01; expected none with a split by entity", "--split", "entity", "--test-from", "2023-02-01")]
    [InlineData("--seeds: 1, 2; expected an odd number", "--seeds", "1", "2")]
    [InlineData("--cost-miss: -3; expected a number above 0", "--cost-false-alarm", "1", "--cost-miss", "-3")]
    [InlineData("--gate-loss: -1; expected 0 or more", "--gate-loss", "-1")]
    public async Task TrainFraud_SettingOutOfRange_IsRefusedAsUsageBeforeTheTableIsRead(string sentence, params string[] further)
    {
        var failed = await ZwmlProcess.RunAsync(_folder.Path, ["train", "fraud", "--table", "none.csv", "--label", "bad", "--time", "at", "--entity", "customer", "--data", Directory, .. further]);

        Assert.Equal(2, failed.ExitCode);
        Assert.Contains(sentence, failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainFraud_NoDataDirectoryYet_MakesTheDefaultOneAndRegisters()
    {
        WriteTable(1_000);
        string[] arguments = ["train", "fraud", "--table", "table.csv", "--label", "bad", "--time", "at", "--entity", "customer", "--seeds", "1", "--algorithm", "logistic-regression", "--json"];

        // Also after a call that came as far as reading the table.
        var wrong = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--features", "nothing"]);
        var trained = await ZwmlProcess.RunAsync(_folder.Path, arguments);

        Assert.NotEqual(0, wrong.ExitCode);
        Assert.True(trained.ExitCode == 0, trained.Error);
        using var report = JsonDocument.Parse(trained.Output);
        Assert.Equal(1, report.RootElement.GetProperty("version").GetInt32());
        Assert.True(DataDirectory.Exists(Path.Combine(_folder.Path, ".zeroworld")));
    }

    [Fact]
    public async Task TrainFraud_DataIsAFolderOfOtherFiles_IsRefusedBeforeTheTraining()
    {
        WriteTable(500);

        var failed = await ZwmlProcess.RunAsync(_folder.Path, "train", "fraud", "--table", "table.csv", "--label", "bad", "--time", "at", "--entity", "customer", "--data", ".");

        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains("is no data directory", failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("training", failed.Error, StringComparison.Ordinal);
        Assert.Equal([Table], System.IO.Directory.GetFileSystemEntries(_folder.Path));
    }

    private async Task FailsAsync(string part, params string[] further)
    {
        var failed = await ZwmlProcess.RunAsync(_folder.Path, [.. Arguments(), .. further]);

        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains(part, failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failed.Error, StringComparison.Ordinal);
    }

    // Long sentences are broken where the line ends, behind a space.
    private static string Unwrap(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private string[] Arguments() =>
    [
        "train", "fraud", "--table", Table, "--label", "bad", "--time", "at", "--entity", "customer", "--seeds", "1", "--data", Directory,
    ];

    private async Task<RunStore> WaitForStoreAsync(System.Diagnostics.Process process)
    {
        var options = new ModelRegistryOptions { DataDirectory = Directory };
        while (!File.Exists(options.RunsDatabasePath) && !process.HasExited)
        {
            await Task.Delay(20, Cancellation);
        }

        return RunStore.Open(options);
    }

    private void WriteTable(int rows) => CardTable.Write(Table, rows, hasMissing: true);
}
