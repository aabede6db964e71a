using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ModelFolderTests
{
    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task GetIndexAsync_BeforeTheFolderWasRead_LeavesWhatIsLoadedAtTheStart()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Explicit, "outer");
        folder.Write("inner/1/model.onnx", "x");
        folder.Write("other/1/model.onnx", "x");
        folder.Write(
            "outer/config.pbtxt",
            """
            platform: "ensemble"
            input [ { name: "a" data_type: TYPE_FP32 dims: [ -1, 2 ] } ]
            output [ { name: "b" data_type: TYPE_FP32 dims: [ -1, 1 ] } ]
            ensemble_scheduling { step [ { model_name: "inner" input_map { key: "features" value: "a" } output_map { key: "probability" value: "b" } } ] }
            """);
        folder.Write("outer/1/nothing", "");

        // A server listens before it has read anything.
        await folder.IndexAsync();
        await folder.RefreshAsync();

        var index = await folder.IndexAsync();
        Assert.Contains("inner 1 Ready", index);
        Assert.Contains("outer 1 Ready", index);
        Assert.Contains("other 1 Unavailable unloaded", index);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task IsReady_OneModelCannotBeLoaded_IsStrictWhereAskedFor(bool isStrict)
    {
        await using var folder = new ModelFolderFixture(ModelControl.Poll, configure: options => options.StrictReadiness = isStrict);
        folder.Write("good/1/model.onnx", "one");
        folder.Write("bad/1/model.onnx", "broken");

        await folder.RefreshAsync();
        var withBroken = folder.Servables.IsReady;
        folder.Write("bad/config.pbtxt", "nothing: 1");
        await folder.RefreshAsync();
        var withWrongSettings = folder.Servables.IsReady;
        folder.Write("bad/config.pbtxt", "");
        folder.Write("bad/1/model.onnx", "whole");
        await folder.RefreshAsync();
        var mended = folder.Servables.IsReady;
        folder.Write("good/1/model.onnx", "broken");
        await folder.RefreshAsync();

        // The content before goes on.
        Assert.Equal((!isStrict, !isStrict, true, true), (withBroken, withWrongSettings, mended, folder.Servables.IsReady));
    }

    [Fact]
    public async Task RefreshAsync_ModelsInTheFolder_AnswerWithTheirNewestVersion()
    {
        await using var folder = new ModelFolderFixture(ModelControl.None);
        folder.Write("DenseNet_onnx.v2/1/model.onnx", "one");
        folder.Write("DenseNet_onnx.v2/3/model.onnx", "three");
        folder.Write("DenseNet_onnx.v2/03/model.onnx", "no version");
        folder.Write("DenseNet_onnx.v2/labels/model.onnx", "no version");
        folder.Write(".git/1/model.onnx", "no model");

        await folder.RefreshAsync();

        using var lease = await folder.AcquireAsync("DenseNet_onnx.v2");
        Assert.Equal(3, lease.Servable.Version);
        Assert.True(folder.Servables.IsReady);
        Assert.Equal(["DenseNet_onnx.v2 3 Ready"], await folder.IndexAsync());
        var other = await Assert.ThrowsAsync<ServingException>(() => folder.AcquireAsync("DenseNet_onnx.v2", VersionSelector.OfVersion(1)));
        Assert.Equal(ServingError.ModelNotFound, other.Error);
    }

    [Theory]
    [InlineData("version_policy { all { } }", new long[] { 1, 2, 5 })]
    [InlineData("version_policy: { latest { num_versions: 2 } }", new long[] { 2, 5 })]
    [InlineData("version_policy: { specific: { versions: [1, 5] } }", new long[] { 1, 5 })]
    [InlineData("version_policy: { specific: { versions: 1 versions: 7 } }", new long[] { 1 })]
    public async Task RefreshAsync_VersionPolicy_ChoosesWhatIsOffered(string config, long[] expected)
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/config.pbtxt", config);
        foreach (var version in (int[])[1, 2, 5])
        {
            folder.Write($"m/{version}/model.onnx", "x");
        }

        await folder.RefreshAsync();

        Assert.Equal(expected.Select(version => $"m {version} Ready"), await folder.IndexAsync());
        using var lease = await folder.AcquireAsync("m");
        Assert.Equal(expected[^1], lease.Servable.Version);
    }

    [Fact]
    public async Task RefreshAsync_NewVersionUnderPoll_TakesOverAndTheOldOneIsFreed()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();

        folder.Write("m/2/model.onnx", "two");
        await folder.RefreshAsync();

        using var lease = await folder.AcquireAsync("m");
        Assert.Equal(2, lease.Servable.Version);
        await WaitUntilAsync(() => folder.Host.Runtime.Opened.First().Instance.IsDisposed);

        // It leaves the index a moment after its instance is freed.
        await WaitUntilAsync(async () => (await folder.IndexAsync()).SequenceEqual(["m 2 Ready"]));
    }

    [Fact]
    public async Task RefreshAsync_NewVersionIsBroken_TheOldOneGoesOnAndTheReasonIsShown()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();

        folder.Write("m/2/model.onnx", "broken");
        await folder.RefreshAsync();

        using var lease = await folder.AcquireAsync("m");
        Assert.Equal(1, lease.Servable.Version);
        Assert.Equal(["m 1 Ready", "m 2 Unavailable The model file 'model.onnx' cannot be loaded: it is broken."], await folder.IndexAsync());

        folder.Write("m/2/model.onnx", "mended now");
        await folder.RefreshAsync();
        using var mended = await folder.AcquireAsync("m");
        Assert.Equal(2, mended.Servable.Version);
    }

    [Fact]
    public async Task RefreshAsync_FileOfAVersionReplaced_SwapsWithoutAGap()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();
        using var before = await folder.AcquireAsync("m");

        folder.Write("m/1/model.onnx", "broken");
        await folder.RefreshAsync();
        using var during = await folder.AcquireAsync("m");
        var broken = await folder.IndexAsync();
        folder.Write("m/1/model.onnx", "another one");
        await folder.RefreshAsync();
        using var after = await folder.AcquireAsync("m");

        Assert.Same(before.Servable, during.Servable);
        Assert.Equal(["m 1 Ready The model file 'model.onnx' cannot be loaded: it is broken."], broken);
        Assert.NotSame(before.Servable, after.Servable);
        Assert.Equal(["m 1 Ready"], await folder.IndexAsync());
    }

    [Fact]
    public async Task PollAsync_ControlNone_LooksAtTheFolderOnce()
    {
        await using var folder = new ModelFolderFixture(ModelControl.None);
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();

        folder.Write("m/2/model.onnx", "two");
        folder.Write("n/1/model.onnx", "new");
        await folder.RefreshAsync();

        Assert.Equal(["m 1 Ready"], await folder.IndexAsync());
        var exception = await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("n"), Cancellation));
        Assert.Equal(ServingError.Unsupported, exception.Error);
        Assert.Contains("Models:Control", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PollAsync_BetweenIntervals_DoesNotReadTheFolder()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();
        folder.Write("n/1/model.onnx", "new");

        await Task.WhenAll(await folder.Servables.PollAsync(ignoresRetryDelay: false, Cancellation));
        var before = await folder.IndexAsync();
        folder.Host.Time.Advance(TimeSpan.FromSeconds(5));
        await Task.WhenAll(await folder.Servables.PollAsync(ignoresRetryDelay: false, Cancellation));

        Assert.Equal(["m 1 Ready"], before);
        Assert.Equal(["m 1 Ready", "n 1 Ready"], await folder.IndexAsync());
    }

    [Fact]
    public async Task LoadModelAsync_Explicit_LoadsReloadsAndUnloads()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Explicit);
        folder.Write("m/1/model.onnx", "one");
        var model = ModelFolderFixture.Name("m");
        await folder.RefreshAsync();
        Assert.True(folder.Servables.IsReady);
        Assert.Equal(["m 1 Unavailable unloaded"], await folder.IndexAsync());
        Assert.Equal(ServingError.ModelNotFound, (await Assert.ThrowsAsync<ServingException>(() => folder.AcquireAsync("m"))).Error);

        await folder.Servables.LoadModelAsync(model, Cancellation);
        Assert.True(folder.Servables.IsModelReady(model, VersionSelector.Any));
        await folder.Servables.LoadModelAsync(model, Cancellation);
        Assert.Single(folder.Host.Runtime.Opened);

        folder.Write("m/2/model.onnx", "two");
        await folder.RefreshAsync();
        Assert.Equal(["m 1 Ready"], await folder.IndexAsync());
        await folder.Servables.LoadModelAsync(model, Cancellation);
        Assert.Equal("m 2 Ready", (await folder.IndexAsync())[^1]);

        var lease = await folder.AcquireAsync("m");
        await folder.Servables.UnloadModelAsync(model, Cancellation);
        Assert.False(folder.Servables.IsModelReady(model, VersionSelector.Any));
        Assert.Contains("m 2 Unloading unloaded", await folder.IndexAsync());
        lease.Dispose();
        await WaitUntilAsync(async () => (await folder.IndexAsync()).SequenceEqual(["m 1 Unavailable unloaded", "m 2 Unavailable unloaded"]));
        Assert.All(folder.Host.Runtime.Opened, item => Assert.True(item.Instance.IsDisposed));
    }

    [Fact]
    public async Task LoadModelAsync_BrokenOrAbsent_SaysWhyAndLeavesWhatAnswers()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Explicit, load: "m");
        folder.Write("m/1/model.onnx", "one");
        folder.Write("b/1/model.onnx", "broken");
        await folder.RefreshAsync();
        folder.Write("m/1/model.onnx", "broken");

        var replaced = await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("m"), Cancellation));
        var broken = await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("b"), Cancellation));
        var absent = await Assert.ThrowsAsync<ServingException>(() => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("a"), Cancellation));

        Assert.Equal(ServingError.ModelRefused, replaced.Error);
        Assert.Equal("load failed for model 'b': The model file 'model.onnx' cannot be loaded: it is broken.", broken.Message);
        Assert.Equal(ServingError.ModelNotFound, absent.Error);
        using var lease = await folder.AcquireAsync("m");
        Assert.Equal(1, lease.Servable.Version);
    }

    [Fact]
    public async Task LoadModelAsync_ManyCallersAtOnce_ShareOneLoad()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Explicit);
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => folder.Servables.LoadModelAsync(ModelFolderFixture.Name("m"), Cancellation))));

        Assert.Single(folder.Host.Runtime.Opened);
    }

    [Fact]
    public async Task LoadModelAsync_StormOfLoadsAndUnloadsUnderTraffic_EndsWithTheLastWordAndFreesAll()
    {
        await using var folder = new ModelFolderFixture(ModelControl.Explicit);
        folder.Write("m/1/model.onnx", "one");
        var model = ModelFolderFixture.Name("m");
        await folder.RefreshAsync();
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var lease = await folder.AcquireAsync("m");
                    Assert.Equal(1, lease.Servable.Version);
                }
                catch (ServingException exception) when (exception.Error is ServingError.ModelNotFound or ServingError.ModelNotReady)
                {
                    await Task.Yield();
                }
            }
        })).ToList();

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (index, _) =>
        {
            try
            {
                await (index % 2 == 0 ? folder.Servables.LoadModelAsync(model, Cancellation) : folder.Servables.UnloadModelAsync(model, Cancellation));
            }
            catch (ServingException exception) when (exception.Error == ServingError.ModelNotReady)
            {
                Assert.Contains("meanwhile", exception.Message, StringComparison.Ordinal);
            }
        });
        await folder.Servables.LoadModelAsync(model, Cancellation);
        await stop.CancelAsync();
        await Task.WhenAll(callers);

        Assert.Equal(["m 1 Ready"], await folder.IndexAsync());
        await WaitUntilAsync(() => folder.Host.Runtime.Opened.Count(item => !item.Instance.IsDisposed) == 1);
    }

    [Fact]
    public async Task RefreshAsync_NameInRegistryAndFolder_IsAnErrorThatNamesIt()
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("fraud/1/model.onnx", "x");
        folder.Host.Register(1);

        var exception = await Assert.ThrowsAsync<RegistryException>(folder.RefreshAsync);

        Assert.Contains("'fraud' is taken twice", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefreshAsync_NameThatTheFolderBringsLater_LeavesTheRegisteredModel()
    {
        await using var folder = new ModelFolderFixture();
        folder.Host.Register(1);
        await folder.RefreshAsync();

        folder.Write("fraud/7/model.onnx", "x");
        await folder.RefreshAsync();

        using var lease = await folder.AcquireAsync("fraud");
        Assert.Equal(1, lease.Servable.Version);
        Assert.StartsWith("fraud  Unavailable The name 'fraud' is taken by the model of the registry", (await folder.IndexAsync())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefreshAsync_LinksOutOfTheFolder_AreRefusedAndLinksInsideAreFollowed()
    {
        await using var folder = new ModelFolderFixture();
        Directory.CreateDirectory(Path.Combine(folder.Outside, "1"));
        File.WriteAllText(Path.Combine(folder.Outside, "1", "model.onnx"), "secret");
        folder.Write("inside/1/model.onnx", "x");
        Directory.CreateSymbolicLink(Path.Combine(folder.Root, "link"), folder.Outside);
        Directory.CreateSymbolicLink(Path.Combine(folder.Root, "alias"), "inside");
        folder.Write("file/config.pbtxt", "");
        Directory.CreateDirectory(Path.Combine(folder.Root, "file", "1"));
        File.CreateSymbolicLink(Path.Combine(folder.Root, "file", "1", "model.onnx"), "../../../outside/1/model.onnx");

        await folder.RefreshAsync();

        var index = await folder.IndexAsync();
        Assert.Equal("alias 1 Ready", index[0]);
        Assert.Contains("leads out of the model folder", index.Single(line => line.StartsWith("link ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("leads out of the model folder", index.Single(line => line.StartsWith("file ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(2, folder.Host.Runtime.Opened.Count);
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("a/b/c")]
    [InlineData("")]
    [InlineData("-x")]
    [InlineData("\uFEFFm")]
    [InlineData("m\0")]
    [InlineData("m/")]
    public async Task InferAsync_AbsurdName_IsNotFound(string name)
    {
        await using var folder = new ModelFolderFixture();
        folder.Write("m/1/model.onnx", "x");
        await folder.RefreshAsync();

        var exception = await Assert.ThrowsAsync<ServingException>(
            () => folder.Host.Inferences.InferAsync(new InferenceRequest { ModelName = name, Inputs = [] }, Cancellation).AsTask());

        Assert.Equal(ServingError.ModelNotFound, exception.Error);
    }

    private static Task WaitUntilAsync(Func<bool> condition) => WaitUntilAsync(() => Task.FromResult(condition()));

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), timeout.Token);
        }
    }
}
