using System.Globalization;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class FileSizeLimitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("zeroworld-limit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Import_TableLargerThanAFileMayBe_IsASentenceAndLeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems have no such limit.");
        var random = new Random(1);
        await File.WriteAllLinesAsync(
            Path.Combine(_folder, "in.csv"),
            Enumerable.Range(0, 200_000).Select(_ => random.NextDouble().ToString(CultureInfo.InvariantCulture)).Prepend("x"), TestContext.Current.CancellationToken);

        var (code, _, error) = await ZwmlProcess.RunWithFileLimitAsync(_folder, 1024, "import", "in.csv", "numbers", "--data", "data");

        Assert.Equal(1, code);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains("File too large", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder, "data", "offline"), "*", SearchOption.AllDirectories));
    }
}
