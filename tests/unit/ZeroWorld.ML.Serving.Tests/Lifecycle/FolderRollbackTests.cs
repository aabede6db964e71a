using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class FolderRollbackTests
{
    [Fact]
    public async Task RefreshAsync_NewestVersionRemoved_AnswersUntilTheOneBeforeItDoes()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "one");
        folder.Write("m/2/model.onnx", "two");
        await folder.RefreshAsync();

        // What takes its place cannot be loaded yet: so it has not come.
        folder.Write("m/1/model.onnx", "broken");
        Directory.Delete(Path.Combine(folder.Root, "m/2"), recursive: true);
        await folder.RefreshAsync();
        await folder.RefreshAsync();
        long during;
        using (var lease = await folder.AcquireAsync("m"))
        {
            during = lease.Servable.Version;
        }

        var index = await folder.IndexAsync();
        folder.Write("m/1/model.onnx", "mended");
        await folder.RefreshAsync();
        using var after = await folder.AcquireAsync("m");
        var gone = await Assert.ThrowsAsync<ServingException>(() => folder.AcquireAsync("m", VersionSelector.OfVersion(2)));

        Assert.Equal(2, during);
        Assert.Equal(["m 1 Unavailable The model file 'model.onnx' cannot be loaded: it is broken.", "m 2 Ready"], index);
        Assert.Equal(1, after.Servable.Version);
        Assert.Equal(ServingError.ModelNotFound, gone.Error);
    }

    [Fact]
    public async Task RefreshAsync_VersionsRemovedWhileOthersAnswer_AreGoneAtOnce()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/config.pbtxt", "version_policy { all { } }");
        folder.Write("m/1/model.onnx", "one");
        folder.Write("m/2/model.onnx", "two");
        await folder.RefreshAsync();

        Directory.Delete(Path.Combine(folder.Root, "m/2"), recursive: true);
        await folder.RefreshAsync();

        using var lease = await folder.AcquireAsync("m");
        var gone = await Assert.ThrowsAsync<ServingException>(() => folder.AcquireAsync("m", VersionSelector.OfVersion(2)));
        Assert.Equal(1, lease.Servable.Version);
        Assert.Equal(ServingError.ModelNotFound, gone.Error);
    }

    [Fact]
    public async Task RefreshAsync_OldVersionStillHeld_IsUnloadingWithoutAReason()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();
        using var held = await folder.AcquireAsync("m");

        folder.Write("m/2/model.onnx", "two");
        await folder.RefreshAsync();

        Assert.Equal(["m 1 Unloading", "m 2 Ready"], await folder.IndexAsync());
    }
}
