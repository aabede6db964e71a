using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary><c>zwml train moderation</c> in the frame that every family has.</summary>
public sealed class TrainModerationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Data => _folder.Combine("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrainModeration_Twice_RegistersTracksAndComparesWithTheChampion()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 150).Select(row => random.Next(2) == 0 ? $"vile scum number {row},foul,{LanguageOf(row)}" : $"sunny walk number {row},fine,{LanguageOf(row)}");
        await File.WriteAllLinesAsync(_folder.Combine("texts.csv"), rows.Prepend("text,label,lang"), TestContext.Current.CancellationToken);

        using var first = await TrainAsync();
        using var second = await TrainAsync();

        Assert.Equal(("champion", 1), (first.RootElement.GetProperty("alias").GetString(), first.RootElement.GetProperty("version").GetInt32()));
        Assert.False(second.RootElement.GetProperty("gate").GetProperty("is_passed").GetBoolean());
        Assert.Equal(JsonValueKind.Null, second.RootElement.GetProperty("alias").ValueKind);
        var listed = await ZwmlProcess.RunAsync(_folder.Path, "runs", "list", "--json", "--data", Data);
        using var runs = JsonDocument.Parse(listed.Output);
        Assert.Equal(2, runs.RootElement.GetArrayLength());
        Assert.All(runs.RootElement.EnumerateArray(), static run => Assert.Contains(
            "policy.json", run.GetProperty("artifacts").EnumerateArray().Select(static artifact => artifact.GetProperty("name").GetString())));
        await AssertPolicyIsAtHandAsync(first);

        // Too few are in German for thresholds of their own, and of some it is not known.
        static string LanguageOf(int row) => row < 130 ? "en" : row < 140 ? "de" : "";
    }

    /// <summary>The registered package has no policy: the server's comes from the run.</summary>
    private async Task AssertPolicyIsAtHandAsync(JsonDocument trained)
    {
        string[] arguments = ["runs", "artifact", trained.RootElement.GetProperty("run").GetString()!, "policy.json", "-o", "policies/default/moderation/1.json", "--data", Data];
        var written = await ZwmlProcess.RunAsync(_folder.Path, arguments);
        Assert.True(written.ExitCode == 0, written.Error);
        using var policy = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder.Combine("policies", "default", "moderation", "1.json"), TestContext.Current.CancellationToken));
        Assert.Equal(trained.RootElement.GetProperty("digest").GetString(), policy.RootElement.GetProperty("model").GetString());
        var rules = policy.RootElement.GetProperty("rules").EnumerateArray().ToArray();
        Assert.Equal(["*", "en"], rules.Select(static rule => rule.GetProperty("language").GetString()));
        Assert.Contains("also for language de", rules[0].GetProperty("chosen_for").GetString(), StringComparison.Ordinal);

        var again = await ZwmlProcess.RunAsync(_folder.Path, arguments);
        var unknown = await ZwmlProcess.RunAsync(_folder.Path, [.. arguments[..3], "nothing", "-o", "other", "--data", Data]);
        Assert.Equal((2, 2), (again.ExitCode, unknown.ExitCode));
        Assert.Contains("policy.json", unknown.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Combine("other")));
    }

    private async Task<JsonDocument> TrainAsync()
    {
        var train = await ZwmlProcess.RunAsync(
            _folder.Path, "train", "moderation", "--table", "texts.csv", "--label", "label", "--language", "lang", "--harmless", "fine", "--data", Data, "--json");
        Assert.True(train.ExitCode == 0, train.Error);
        return JsonDocument.Parse(train.Output);
    }
}
