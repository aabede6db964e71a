using System.Text.Json;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary><c>zwml models collect</c> on the store of a data directory.</summary>
public sealed class ModelsCollectTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Collect_DryRunThenReally_TellsAndRemovesWhatNothingNames()
    {
        var options = new ModelRegistryOptions { DataDirectory = _folder.Combine("data") };
        await RunAsync("models", "list");
        using (var runs = RunStore.Open(options))
        {
            var run = await runs.StartAsync(new RunStart { Project = "default", Experiment = "e", Name = "n" }, Cancellation);
            await runs.AddArtifactAsync(run.Id, "curve", await FileAsync("first"), Cancellation);
            await runs.AddArtifactAsync(run.Id, "curve", await FileAsync("second"), Cancellation);
        }

        var young = await RunAsync("models", "collect");
        var told = await RunAsync("models", "collect", "--dry-run", "--grace", "0");
        var before = Files(options).Length;
        var json = JsonDocument.Parse(await RunAsync("models", "collect", "--grace", "0", "--json")).RootElement;
        var wrong = await ZwmlProcess.RunAsync(_folder.Path, "models", "collect", "--grace", "soon", "--data", "data");
        var nowhere = await ZwmlProcess.RunAsync(_folder.Path, "models", "collect", "--data", "other");

        Assert.Contains("removed: 0 artifacts, 0 B", young, StringComparison.Ordinal);
        Assert.Contains("named by versions and runs: 1 artifact, 6 B", young, StringComparison.Ordinal);
        Assert.Contains("younger than the grace (--grace): 1 artifact, 5 B", young, StringComparison.Ordinal);
        Assert.Contains("would be removed: 1 artifact, 5 B", told, StringComparison.Ordinal);
        Assert.Equal(2, before);
        Assert.Equal(ArtifactDigest.OfBytes("first"u8), Assert.Single(json.GetProperty("collected").EnumerateArray()).GetProperty("digest").GetString());
        Assert.Equal(1, json.GetProperty("named").GetProperty("count").GetInt32());
        Assert.Equal(ArtifactDigest.ToHex(ArtifactDigest.OfBytes("second"u8)), Path.GetFileName(Assert.Single(Files(options))));
        Assert.Equal((2, 2), (wrong.ExitCode, nowhere.ExitCode));
        Assert.Contains("--grace is 'soon'; expected a whole number and one of us, ms, s, m, h, d", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("there is no data directory", nowhere.Error, StringComparison.Ordinal);
    }

    private static string[] Files(ModelRegistryOptions options) => Directory.GetFiles(Path.Combine(options.ArtifactsPath, "sha256"), "*", SearchOption.AllDirectories);

    private async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments, "--data", "data"]);
        Assert.True(exitCode == 0, error);
        return output;
    }

    private async Task<string> FileAsync(string text)
    {
        var path = _folder.Combine(text);
        await File.WriteAllTextAsync(path, text, Cancellation);
        return path;
    }
}
