using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.House.Tests;

/// <summary>The build's one switch, as MSBuild itself evaluates it. Nothing is restored or built.</summary>
public sealed partial class AcceleratorTests
{
    private const string OnnxRuntimeProject = "serving/ZeroWorld.ML.Serving.OnnxRuntime/ZeroWorld.ML.Serving.OnnxRuntime.csproj";
    private const string TorchSharpProject = "serving/ZeroWorld.ML.Serving.TorchSharp/ZeroWorld.ML.Serving.TorchSharp.csproj";

    private static CancellationToken TestCancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OnnxRuntimeProject, "Microsoft.ML.OnnxRuntime", "Microsoft.ML.OnnxRuntime.Gpu")]
    [InlineData(TorchSharpProject, "TorchSharp-cpu", "TorchSharp-cuda-linux")]
    public async Task Accelerator_SwapsOnePackageAndTheDefaultNamesNoOther(string project, string cpuPackage, string cudaPackage)
    {
        var cpu = await ReadPackagesAsync(project);
        var cuda = await ReadPackagesAsync(project, "-p:Accelerator=cuda");

        Assert.Equal([cpuPackage], cpu.References.Except(cuda.References));
        Assert.Equal([cudaPackage], cuda.References.Except(cpu.References));
        Assert.Contains(cudaPackage, cuda.Versions);

        // Central versions with transitive pinning would ask the feed for what they name.
        Assert.DoesNotContain(cpu.References.Concat(cpu.Versions), GpuPackage().IsMatch);
    }

    [Fact]
    public async Task TorchAccelerator_Cpu_KeepsTheLibtorchOfTheCpuInABuildForCuda()
    {
        var onnx = await ReadPackagesAsync(OnnxRuntimeProject, "-p:Accelerator=cuda", "-p:TorchAccelerator=cpu");
        var torch = await ReadPackagesAsync(TorchSharpProject, "-p:Accelerator=cuda", "-p:TorchAccelerator=cpu");

        Assert.Contains("Microsoft.ML.OnnxRuntime.Gpu", onnx.References);
        Assert.Contains("TorchSharp-cpu", torch.References);
        Assert.DoesNotContain("TorchSharp-cuda-linux", torch.References.Concat(torch.Versions));
    }

    [Fact]
    public async Task TorchAccelerator_CudaInABuildForTheCpu_IsRefusedWithASentence()
    {
        var (exitCode, output) = await RunMSBuildAsync(TorchSharpProject, "-t:Restore", "-p:TorchAccelerator=cuda");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("TorchAccelerator is 'cuda' where Accelerator is 'cpu'; expected 'cpu' or the same.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ProjectFiles_NameNoGpuPackageThemselves() =>
        Assert.DoesNotContain(HouseFiles.Projects, project => GpuPackage().IsMatch(HouseFiles.Read(project)));

    [Theory]
    [InlineData("-t:Restore")]
    [InlineData("-t:Build")]
    public async Task Accelerator_OfAnotherName_IsRefusedWithASentence(string target)
    {
        var (exitCode, output) = await RunMSBuildAsync(OnnxRuntimeProject, target, "-p:Accelerator=rocm");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Accelerator is 'rocm'; expected 'cpu' or 'cuda'.", output, StringComparison.Ordinal);
    }

    private static async Task<(string[] References, string[] Versions)> ReadPackagesAsync(string project, params string[] arguments)
    {
        var (exitCode, output) = await RunMSBuildAsync([project, "-getItem:PackageReference", "-getItem:PackageVersion", .. arguments]);
        Assert.True(exitCode == 0, output);

        using var document = JsonDocument.Parse(output);
        var items = document.RootElement.GetProperty("Items");
        return (Identities(items.GetProperty("PackageReference")), Identities(items.GetProperty("PackageVersion")));
    }

    private static string[] Identities(JsonElement items) => [.. items.EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!)];

    private static async Task<(int ExitCode, string Output)> RunMSBuildAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = HouseRoot.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["msbuild", "-nologo", "-nodeReuse:false", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        // The build that started this test hands down its own settings; a user's command has none of them.
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestCancellation);
        var errors = process.StandardError.ReadToEndAsync(TestCancellation);
        await process.WaitForExitAsync(TestCancellation);
        return (process.ExitCode, await output + await errors);
    }

    [GeneratedRegex(@"OnnxRuntime\.Gpu|TorchSharp-cuda|libtorch-cuda", RegexOptions.IgnoreCase)]
    private static partial Regex GpuPackage();
}
