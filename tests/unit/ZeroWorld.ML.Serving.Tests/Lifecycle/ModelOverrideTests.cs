using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Models whose files come with the call that loads them.</summary>
public sealed class ModelOverrideTests
{
    private static readonly ModelName Known = ModelFolderFixture.Name("m");

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task LoadModelAsync_WithFiles_ServesThemAloneUntilTheNextLoad()
    {
        await using var folder = await StartAsync();

        await folder.Servables.LoadModelAsync(Known, Given("{}", ("3/model.onnx", "three"), ("3/weights/part.bin", "w")), Cancellation);
        Assert.Equal(3, await VersionAsync(folder, "m"));
        Assert.Equal("three", await File.ReadAllTextAsync(Directory.GetFiles(folder.Overrides, "model.onnx", SearchOption.AllDirectories).Single(), Cancellation));
        Assert.Equal(["m 3 Ready"], await ReadyAsync(folder));

        await folder.Servables.LoadModelAsync(Known, Given("{}", ("4/model.onnx", "four")), Cancellation);
        Assert.Equal(4, await VersionAsync(folder, "m"));
        Assert.Single(Directory.GetDirectories(folder.Overrides));

        await folder.Servables.LoadModelAsync(Known, Cancellation);
        Assert.Equal(1, await VersionAsync(folder, "m"));
        Assert.Empty(Directory.GetDirectories(folder.Overrides));
    }

    [Fact]
    public async Task LoadModelAsync_WithFilesOfAModelThatLiesNowhere_ServesItUntilItIsUnloaded()
    {
        await using var folder = await StartAsync();
        var guest = ModelFolderFixture.Name("guest");

        await folder.Servables.LoadModelAsync(guest, Given("""{"max_batch_size":"4"}""", ("1/model.onnx", "one")), Cancellation);
        Assert.Equal(1, await VersionAsync(folder, "guest"));
        await folder.Servables.LoadModelAsync(Known, Cancellation);
        Assert.Equal(["guest 1 Ready", "m 1 Ready"], await ReadyAsync(folder));

        await folder.Servables.UnloadModelAsync(guest, Cancellation);
        Assert.False(folder.Servables.IsModelReady(guest, VersionSelector.Any));
        Assert.Empty(Directory.GetDirectories(folder.Overrides));
        Assert.Equal(ServingError.ModelNotFound, (await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(guest, Cancellation))).Error);
        Assert.Equal(["m 1 Ready"], await ReadyAsync(folder));
    }

    [Fact]
    public async Task UnloadModelAsync_OfAModelWithFiles_LeavesWhatLiesInTheFolderToTheNextLoad()
    {
        await using var folder = await StartAsync();
        await folder.Servables.LoadModelAsync(Known, Given("{}", ("3/model.onnx", "three")), Cancellation);

        await folder.Servables.UnloadModelAsync(Known, Cancellation);
        Assert.False(folder.Servables.IsModelReady(Known, VersionSelector.Any));
        Assert.Empty(await ReadyAsync(folder));

        await folder.Servables.LoadModelAsync(Known, Cancellation);
        Assert.Equal(1, await VersionAsync(folder, "m"));
    }

    [Fact]
    public async Task LoadModelAsync_WithAConfiguration_HoldsForLoadsWithoutOne()
    {
        await using var folder = await StartAsync();
        folder.Write("m/2/model.onnx", "two");
        await folder.Servables.LoadModelAsync(Known, Given("""{"version_policy":{"specific":{"versions":[1]}}}"""), Cancellation);

        folder.Write("m/3/model.onnx", "three");
        await folder.Servables.LoadModelAsync(Known, Cancellation);

        Assert.Equal(["m 1 Ready"], await ReadyAsync(folder));
    }

    [Fact]
    public async Task LoadModelAsync_SettingsFileChangedBehindAConfiguration_TakesTheFile()
    {
        await using var folder = await StartAsync();
        await folder.Servables.LoadModelAsync(Known, Given("""{"version_policy":{"specific":{"versions":[1]}}}"""), Cancellation);
        folder.Write("m/2/model.onnx", "two");
        folder.Write("m/config.pbtxt", "max_batch_size: 16");

        await folder.Servables.LoadModelAsync(Known, Cancellation);

        Assert.Equal(["m 2 Ready"], await ReadyAsync(folder));
    }

    [Fact]
    public async Task LoadModelAsync_UnloadedBehindAConfiguration_TakesTheFile()
    {
        await using var folder = await StartAsync();
        folder.Write("m/2/model.onnx", "two");
        await folder.Servables.LoadModelAsync(Known, Given("""{"version_policy":{"specific":{"versions":[1]}}}"""), Cancellation);

        await folder.Servables.UnloadModelAsync(Known, Cancellation);
        await folder.Servables.LoadModelAsync(Known, Cancellation);

        Assert.Equal(["m 2 Ready"], await ReadyAsync(folder));
    }

    [Fact]
    public async Task LoadModelAsync_AConfigurationThatFailed_IsForgotten()
    {
        await using var folder = await StartAsync();
        await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(Known, Given("""{"version_policy":{"specific":{"versions":[9]}}}"""), Cancellation));

        await folder.Servables.LoadModelAsync(Known, Cancellation);

        Assert.Equal(["m 1 Ready"], await ReadyAsync(folder));
    }

    [Fact]
    public async Task UnloadModelAsync_WhileACallLoadsIt_BothGetWhatTheyAskedFor()
    {
        await using var folder = await StartAsync();
        var isLoading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        var make = folder.Host.Runtime.Make;
        folder.Host.Runtime.Make = package =>
        {
            isLoading.TrySetResult();
            goOn.Wait(Cancellation);
            return make(package);
        };
        var load = folder.Servables.LoadModelAsync(Known, Cancellation);
        await isLoading.Task.WaitAsync(Cancellation);

        var unload = folder.Servables.UnloadModelAsync(Known, Cancellation);

        Assert.False(unload.IsCompleted);
        goOn.Set();
        await load;
        await unload;
        Assert.False(folder.Servables.IsModelReady(Known, VersionSelector.Any));
    }

    [Fact]
    public async Task UnloadModelAsync_NoSuchModel_IsWhatTheCallerWants()
    {
        await using var folder = await StartAsync();

        await folder.Servables.UnloadModelAsync(ModelFolderFixture.Name("nobody"), Cancellation);

        Assert.Equal(ServingError.ModelNotFound, (await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("nobody"), Cancellation))).Error);
    }

    [Fact]
    public async Task LoadModelAsync_WithFilesThatAreNoModel_LeavesWhatAnswers()
    {
        await using var folder = await StartAsync();
        await folder.Servables.LoadModelAsync(Known, Cancellation);

        var broken = await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(Known, Given("{}", ("1/model.onnx", "broken")), Cancellation));
        var empty = await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(Known, Given("{}", ("labels.txt", "a")), Cancellation));

        Assert.Equal("load failed for model 'm': The model file 'model.onnx' cannot be loaded: it is broken.", broken.Message);
        Assert.Equal(ServingError.InvalidInput, empty.Error);
        Assert.StartsWith("failed to load 'm': The model 'm' cannot be served: it has no version", empty.Message, StringComparison.Ordinal);
        Assert.Equal(1, await VersionAsync(folder, "m"));
    }

    [Theory]
    [InlineData("../1/model.onnx", "'../1/model.onnx' is no path of a file in its folder")]
    [InlineData("/etc/model.onnx", "'/etc/model.onnx' is no path of a file in its folder")]
    [InlineData("1//model.onnx", "'1//model.onnx' is no path of a file in its folder")]
    [InlineData("", "'' is no path of a file in its folder")]
    [InlineData("1/model.onnx/x", "'1/model.onnx' is a file and the folder of '1/model.onnx/x'")]
    public async Task LoadModelAsync_WithAFileThatLiesNowhereInItsFolder_IsRefusedAndNothingIsWritten(string path, string reason)
    {
        await using var folder = await StartAsync();
        await folder.Servables.LoadModelAsync(Known, Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(
            () => folder.Servables.LoadModelAsync(Known, Given("{}", ("1/model.onnx", "one"), (path, "x")), Cancellation));

        Assert.Equal(ServingError.InvalidInput, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Overrides));
        Assert.Equal(1, await VersionAsync(folder, "m"));
    }

    [Fact]
    public async Task LoadModelAsync_WithMoreBytesThanAreHeld_IsRefusedAndTheNextFits()
    {
        await using var folder = await StartAsync();
        var half = new string('x', 600_000);
        await folder.Servables.LoadModelAsync(ModelFolderFixture.Name("first"), Given("{}", ("1/model.onnx", half)), Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(
            () => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("second"), Given("{}", ("1/model.onnx", half)), Cancellation));
        Assert.Equal(ServingError.Overloaded, exception.Error);
        Assert.Equal(
            "failed to load 'second': its files have 600,000 bytes, and those of other models that came with calls 600,000; together they may have 1,048,576 (Models:OverrideMebibytesMax).",
            exception.Message);

        await folder.Servables.UnloadModelAsync(ModelFolderFixture.Name("first"), Cancellation);
        await folder.Servables.LoadModelAsync(ModelFolderFixture.Name("second"), Given("{}", ("1/model.onnx", half)), Cancellation);
        Assert.Equal(1, await VersionAsync(folder, "second"));
    }

    [Fact]
    public async Task RefreshAsync_FilesOfAProcessBefore_AreGone()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Explicit);
        Directory.CreateDirectory(Path.Combine(folder.Overrides, "left"));

        await folder.RefreshAsync();

        Assert.False(Directory.Exists(folder.Overrides));
    }

    private static async Task<ModelFolderFixture> StartAsync()
    {
        var folder = new ModelFolderFixture(ModelControl.Explicit);
        folder.Write("m/config.pbtxt", "max_batch_size: 2");
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();
        return folder;
    }

    private static ModelOverride Given(string configuration, params (string Path, string Text)[] files) => new(configuration)
    {
        Files = files.ToDictionary(static file => file.Path, static file => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(file.Text), StringComparer.Ordinal),
    };

    private static async Task<long> VersionAsync(ModelFolderFixture folder, string name)
    {
        using var lease = await folder.AcquireAsync(name);
        return lease.Servable.Version;
    }

    private static async Task<IReadOnlyList<string>> ReadyAsync(ModelFolderFixture folder) =>
        [.. (await folder.IndexAsync()).Where(static line => line.EndsWith("Ready", StringComparison.Ordinal))];
}
