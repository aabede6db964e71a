using System.Diagnostics;
using System.Text.Json;

namespace ZeroWorld.ML.GpuNodes.Verify.Tests;

public sealed class VerifyProgramTests
{
    private static CancellationToken TestCancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_CpuDevice_PassesEveryCheck()
    {
        var (exitCode, output, errors) = await RunAsync("--device", "cpu");

        Assert.Equal("", errors);
        Assert.Equal(0, exitCode);
        Assert.Contains("\n  cpu ", output, StringComparison.Ordinal);
        Assert.Contains("CPUExecutionProvider", output, StringComparison.Ordinal);
        Assert.Contains("passed      onnxruntime (cpu) on cpu", output, StringComparison.Ordinal);
        Assert.Contains("passed      libtorch (cpu) on cpu", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Json_IsOneDocumentWithTheDevicesAndTheChecks()
    {
        var (exitCode, output, _) = await RunAsync("--json", "--device", "cpu");

        using var report = JsonDocument.Parse(output);
        var cpu = report.RootElement.GetProperty("devices")[0];
        Assert.Equal(0, exitCode);
        Assert.Equal("cpu", cpu.GetProperty("device").GetString());
        Assert.True(cpu.GetProperty("cores").GetDouble() > 0);
        Assert.True(cpu.GetProperty("budget_bytes").GetInt64() < cpu.GetProperty("memory_bytes").GetInt64());
        Assert.True(report.RootElement.GetProperty("passed").GetBoolean());
        Assert.Equal(
            ["onnxruntime", "libtorch"],
            report.RootElement.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("runtime").GetString()));
    }

    [Fact]
    public async Task Run_GpuThatCannotBeUsed_SaysSoInOneSentence()
    {
        var (exitCode, output, errors) = await RunAsync("--device", "cuda:1023");

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.EndsWith(".\n", errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("cuda:1023", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutLibtorch_NamesTheCheckThatFailedAndGoesOn()
    {
        var folder = Directory.CreateTempSubdirectory("zeroworld-test-");
        try
        {
            var program = Program();
            var source = Path.GetDirectoryName(program)!;
            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(IsNoTorch))
            {
                var copy = Path.Combine(folder.FullName, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            // TorchSharp looks into the package cache, too, and copies from there what it finds.
            var home = new Dictionary<string, string> { ["HOME"] = folder.FullName, ["NUGET_PACKAGES"] = folder.FullName };
            var (exitCode, output, errors) = await RunAsync(Path.Combine(folder.FullName, Path.GetFileName(program)), home, "--device", "cpu");

            Assert.Equal("", errors);
            Assert.Equal(1, exitCode);
            Assert.Contains("passed      onnxruntime (cpu) on cpu", output, StringComparison.Ordinal);
            Assert.Contains("failed      libtorch (cpu) on cpu", output, StringComparison.Ordinal);
            Assert.Contains("does not load in this process", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static bool IsNoTorch(string file) => !Path.GetFileName(file).StartsWith("lib", StringComparison.Ordinal) || file.Contains("onnxruntime", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--device 'gpu0' expected cpu, cuda or cuda:N", "--device", "gpu0")]
    [InlineData("--device has no value", "--device")]
    [InlineData("'--gpu' is no option", "--gpu")]
    public async Task Run_WrongArguments_NamesThem(string words, params string[] arguments)
    {
        var (exitCode, _, errors) = await RunAsync(arguments);

        Assert.Equal(2, exitCode);
        Assert.All(words.Split(' '), word => Assert.Contains(word, errors, StringComparison.Ordinal));
    }

    /// <summary>Runs the program that was built beside this test, in the same configuration.</summary>
    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) => RunAsync(Program(), [], arguments);

    private static string Program()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(
            configuration.Parent!.Parent!.FullName, "ZeroWorld.ML.GpuNodes.Verify", configuration.Name, "ZeroWorld.ML.GpuNodes.Verify.dll");
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, Dictionary<string, string> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestCancellation);
        var errors = process.StandardError.ReadToEndAsync(TestCancellation);
        await process.WaitForExitAsync(TestCancellation);
        return (process.ExitCode, await output, await errors);
    }
}
