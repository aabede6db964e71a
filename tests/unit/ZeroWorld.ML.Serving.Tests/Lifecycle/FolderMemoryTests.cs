namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Which models of a folder are in memory: all that there is room for, or what was asked for.</summary>
public sealed class FolderMemoryTests
{
    [Fact]
    public async Task AcquireAsync_MoreModelsThanMayBeInMemory_LoadsOnRequestAndLetsTheLeastRecentGo()
    {
        await using var folder = new ModelFolderFixture(ModelControl.None, configure: options => options.LoadedVersionsMax = 3);
        foreach (var index in Enumerable.Range(0, 6))
        {
            folder.Write($"m{index}/1/model.onnx", "x");
        }

        folder.Write("m1/model.yaml", "pinned: true");
        await folder.RefreshAsync();
        Assert.True(folder.Servables.IsReady);
        var atStart = folder.Servables.List().Count(status => status.State == ServableState.Ready);
        Assert.True(folder.Servables.IsModelReady(ModelFolderFixture.Name("m5"), VersionSelector.Any));

        foreach (var name in (string[])["m1", "m5", "m4", "m5", "m3", "m0"])
        {
            folder.Host.Time.Advance(TimeSpan.FromSeconds(1));
            using var lease = await folder.AcquireAsync(name);
        }

        Assert.Equal(3, atStart);
        Assert.Equal(["m0", "m1", "m3"], folder.Servables.List().Where(status => status.State == ServableState.Ready).Select(status => status.Model.Name));
        Assert.Contains("m5 1 Unavailable freed to make room in memory; loads on its next request", await folder.IndexAsync());
    }

    [Fact]
    public async Task AcquireAsync_LoadOnRequest_LoadsWhatIsAskedForAndThenFollowsIt()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Poll, configure: options => options.LoadOnRequest = true);
        folder.Write("a/1/model.onnx", "x");
        folder.Write("b/1/model.onnx", "x");
        await folder.RefreshAsync();
        Assert.True(folder.Servables.IsReady);
        Assert.Empty(folder.Host.Runtime.Opened);
        Assert.True(folder.Servables.IsModelReady(ModelFolderFixture.Name("a"), VersionSelector.Any));
        Assert.Contains("a 1 Unavailable loads on its first request", await folder.IndexAsync());

        using (var first = await folder.AcquireAsync("a"))
        {
            Assert.Equal(1, first.Servable.Version);
        }

        folder.Write("a/2/model.onnx", "y");
        folder.Write("b/2/model.onnx", "y");
        await folder.RefreshAsync();

        Assert.Contains("a 2 Ready", await folder.IndexAsync());
        Assert.Contains("b 2 Unavailable loads on its first request", await folder.IndexAsync());
        Assert.Equal(2, folder.Host.Runtime.Opened.Count);

        folder.Host.Runtime.Make = static _ => throw new ServingException(ServingError.ModelRefused, "no model");
        await Assert.ThrowsAsync<ServingException>(() => folder.AcquireAsync("b"));
        Assert.False(folder.Servables.IsModelReady(ModelFolderFixture.Name("b"), VersionSelector.Any));
    }

    [Fact]
    public async Task AcquireAsync_ManyRequestsForAModelThatWasFreed_WaitForOneLoadUpToTheLimit()
    {
        await using var folder = new ModelFolderFixture(ModelControl.None, configure: options => (options.LoadedVersionsMax, options.WaitingRequestsMax) = (1, 10));
        folder.Write("a/1/model.onnx", "x");
        folder.Write("b/1/model.onnx", "x");
        await folder.RefreshAsync();
        (await folder.AcquireAsync("b")).Dispose();
        var before = folder.Host.Runtime.Opened.Count;
        var gate = new ManualResetEventSlim();
        var make = folder.Host.Runtime.Make;
        folder.Host.Runtime.Make = package =>
        {
            gate.Wait(TimeSpan.FromSeconds(30));
            return make(package);
        };

        var waiting = Enumerable.Range(0, 10).Select(_ => folder.AcquireAsync("a")).ToList();
        var refused = await Assert.ThrowsAsync<ServingException>(() => folder.AcquireAsync("a"));
        gate.Set();
        var leases = await Task.WhenAll(waiting);

        Assert.Equal(ServingError.Overloaded, refused.Error);
        Assert.Equal(before + 1, folder.Host.Runtime.Opened.Count);
        Assert.All(leases, lease => Assert.Same(leases[0].Servable, lease.Servable));
        foreach (var lease in leases)
        {
            lease.Dispose();
        }
    }
}
