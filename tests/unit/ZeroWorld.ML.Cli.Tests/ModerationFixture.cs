using ZeroWorld.ML.Cli.Tests;
using ZeroWorld.ML.Testing;

[assembly: AssemblyFixture(typeof(ModerationFixture))]

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>A package of moderation that tests decide with and none changes, trained by the command when the first needs it.</summary>
public sealed class ModerationFixture : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Lazy<Task> _training;

    public ModerationFixture() => _training = new(TrainAsync);

    /// <summary>What a harmless text is made of.</summary>
    internal static IReadOnlyList<string> Kind { get; } = ["lovely", "sunny", "fresh", "quiet", "warm", "garden", "bread", "lake", "friends", "tea"];

    /// <summary>What a text has that the package calls <c>foul</c>.</summary>
    internal static IReadOnlyList<string> Foul { get; } = ["vile scum", "rotten filth", "worthless trash", "disgusting vermin"];

    /// <summary>A folder of its own with the package in it.</summary>
    /// <returns>The package's path.</returns>
    internal async Task<string> CopyToAsync(string folder)
    {
        await _training.Value;
        var package = Directory.CreateDirectory(Path.Combine(folder, "package")).FullName;
        foreach (var file in Directory.EnumerateFiles(_folder.Combine("package")))
        {
            File.Copy(file, Path.Combine(package, Path.GetFileName(file)));
        }

        return package;
    }

    /// <summary>Writes the table that the package was trained of as <c>train.csv</c>.</summary>
    internal async Task CopyTableToAsync(string folder)
    {
        await _training.Value;
        File.Copy(_folder.Combine("train.csv"), Path.Combine(folder, "train.csv"));
    }

    internal static string Words(Random random) => string.Join(' ', Enumerable.Range(0, 6).Select(_ => Kind[random.Next(Kind.Count)]));

    public void Dispose() => _folder.Dispose();

    private async Task TrainAsync()
    {
        var random = new Random(5);
        var lines = Enumerable.Range(0, 300).Select(row => row % 3 == 0 ? $"{Words(random)} {Foul[random.Next(Foul.Count)]} {row},foul" : $"{Words(random)} {row},fine");
        await File.WriteAllTextAsync(_folder.Combine("train.csv"), "text,label\n" + string.Join('\n', lines) + "\n", TestContext.Current.CancellationToken);
        var (code, _, error) = await ZwmlProcess.RunAsync(_folder.Path, "train", "moderation", "--table", "train.csv", "--label", "label", "--harmless", "fine", "-o", "package");
        Assert.True(code == 0, error);
    }
}
