using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ServableManagerTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task AcquireAsync_BeforeTheCatalogWasRead_IsNotReady()
    {
        var exception = await Assert.ThrowsAsync<ServingException>(() => AcquireAsync(VersionSelector.Champion));

        Assert.Equal(ServingError.ModelNotReady, exception.Error);
        Assert.False(_host.Servables.IsReady);
    }

    [Fact]
    public async Task RefreshAsync_AliasTarget_IsLoadedWarmedUpAndReady()
    {
        var package = _host.Register(3);

        await _host.Servables.RefreshAsync(Cancellation);

        using var lease = await AcquireAsync(VersionSelector.Champion);
        Assert.Equal(3, lease.Servable.Version);
        Assert.Equal([1, 1, 2, 4, 8, 16, 32, 64], _host.Runtime.Instance(package.Digest).BatchRows);
        Assert.True(_host.Servables.IsReady);
        Assert.Matches("^fakeruntime 1\\.0\\.0; zeroworld 0\\.1\\.0; [a-z]+-[a-z0-9-]+$", lease.Servable.RuntimeBuild);
    }

    [Fact]
    public async Task RefreshAsync_AliasMoves_SwapsAndFreesTheOldVersionWhenItsLastRequestEnds()
    {
        await using var host = new ServingHost(configure: static services => Configure(services, unaliased: 1));
        var first = host.Register(1);
        await host.Servables.RefreshAsync(Cancellation);
        var held = await host.Servables.AcquireAsync(ServingHost.Model, VersionSelector.Champion, Cancellation);

        // Version 2 takes the alias, 3 takes it from 2: one of them may stay without an alias, the other is let go.
        host.Register(2);
        await host.Servables.RefreshAsync(Cancellation);
        using (var lease = await host.Servables.AcquireAsync(ServingHost.Model, VersionSelector.Champion, Cancellation))
        {
            Assert.Equal(2, lease.Servable.Version);
        }

        host.Register(3);
        await host.Servables.RefreshAsync(Cancellation);
        var stillHeld = host.Runtime.Instance(first.Digest).IsDisposed;
        var state = Status(host, 1).State;
        held.Dispose();
        held.Dispose();
        await WaitUntilAsync(() => host.Runtime.Instance(first.Digest).IsDisposed);

        Assert.False(stillHeld);
        Assert.Equal(ServableState.Unloading, state);
        await WaitUntilAsync(() => Status(host, 1).State == ServableState.Unloaded);
    }

    [Fact]
    public async Task RefreshAsync_NewTargetCannotBeLoaded_KeepsTheOldOneAndShowsWhy()
    {
        _host.Register(1);
        await _host.Servables.RefreshAsync(Cancellation);
        _host.Register(2, change: manifest => manifest with { Runtime = "abacus" });

        await _host.Servables.RefreshAsync(Cancellation);

        using var lease = await AcquireAsync(VersionSelector.Champion);
        Assert.Equal(1, lease.Servable.Version);
        Assert.Equal(ServableState.Failed, Status(_host, 2).State);
        Assert.Equal("The model asks for the runtime 'abacus', and this server has 'onnx'.", Status(_host, 2).Message);
        Assert.Equal(["champion"], Status(_host, 2).Aliases);
        Assert.Single(_host.Log.Errors);
        var named = await Assert.ThrowsAsync<ServingException>(() => AcquireAsync(VersionSelector.OfVersion(2)));
        Assert.Equal(ServingError.ModelRefused, named.Error);
    }

    [Fact]
    public async Task RefreshAsync_FeatureServiceChanged_RefusesTheModelWithASentence()
    {
        _host.Register(1);
        _host.Services.Apply(ServingHost.Definitions.Replace("hour(time) <= 6", "hour(time) <= 7", StringComparison.Ordinal), "fraud");

        await _host.Servables.RefreshAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => AcquireAsync(VersionSelector.Champion));
        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("was trained on the feature service 'fraud' with fingerprint", exception.Message, StringComparison.Ordinal);

        // The definitions come back: the next attempt loads it.
        _host.Services.Apply(ServingHost.Definitions, "fraud");
        await _host.Servables.RefreshAsync(Cancellation);
        using var lease = await AcquireAsync(VersionSelector.Champion);
        Assert.Equal(1, lease.Servable.Version);
    }

    [Fact]
    public async Task PollAsync_AfterAFailure_TriesAgainWithGrowingDelays()
    {
        _host.Register(1, change: manifest => manifest with { Runtime = "abacus" });
        async Task<int> PollAsync()
        {
            await Task.WhenAll(await _host.Servables.PollAsync(ignoresRetryDelay: false, Cancellation));
            return _host.Catalog.OpenedVersions.Count;
        }

        Assert.Equal(1, await PollAsync());
        Assert.Equal(1, await PollAsync());
        _host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await PollAsync());
        _host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await PollAsync());
        _host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, await PollAsync());
    }

    [Fact]
    public async Task RefreshAsync_ModelTooBigForTheBudget_IsRefusedWithNumbers()
    {
        _host.Register(1, change: manifest => manifest with
        {
            Files = new Dictionary<string, PackageFile> { ["model.onnx"] = new("sha256:00", 10_000_000), ["golden.json"] = new("sha256:00", 100) },
        });

        await _host.Servables.RefreshAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => AcquireAsync(VersionSelector.Champion));
        Assert.Equal(ServingError.Overloaded, exception.Error);
        Assert.Contains("cpu has", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcquireAsync_OlderVersion_IsLoadedOnceForAllWhoAsk()
    {
        _host.Register(1, isChampion: false);
        _host.Register(2);
        await _host.Servables.RefreshAsync(Cancellation);
        Assert.Equal(ServableState.Unloaded, Status(_host, 1).State);
        var gate = new TaskCompletionSource();
        _host.Catalog.Gate = gate.Task;

        var waiting = Enumerable.Range(0, 20).Select(_ => AcquireAsync(VersionSelector.OfVersion(1))).ToList();
        gate.SetResult();
        var leases = await Task.WhenAll(waiting).WaitAsync(Cancellation);

        Assert.All(leases, lease => Assert.Same(leases[0].Servable, lease.Servable));
        Assert.Equal([2L, 1L], _host.Catalog.OpenedVersions);
        foreach (var lease in leases)
        {
            lease.Dispose();
        }
    }

    [Fact]
    public async Task AcquireAsync_VersionsWithoutAlias_AreHeldUpToTheLimit()
    {
        await using var host = new ServingHost(configure: static services => Configure(services, unaliased: 2));
        var packages = Enumerable.Range(1, 4).Select(version => host.Register(version)).ToList();
        await host.Servables.RefreshAsync(Cancellation);

        foreach (var version in new long[] { 1, 2, 1, 3 })
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            using var lease = await host.Servables.AcquireAsync(ServingHost.Model, VersionSelector.OfVersion(version), Cancellation);
        }

        await WaitUntilAsync(() => host.Runtime.Instance(packages[1].Digest).IsDisposed);
        Assert.False(host.Runtime.Instance(packages[0].Digest).IsDisposed);
        Assert.False(host.Runtime.Instance(packages[2].Digest).IsDisposed);
        Assert.False(host.Runtime.Instance(packages[3].Digest).IsDisposed);
    }

    [Fact]
    public async Task RefreshAsync_ModelGone_IsNotFoundAndFreed()
    {
        var package = _host.Register(1);
        await _host.Servables.RefreshAsync(Cancellation);
        _host.Catalog.Remove(ServingHost.Model);

        await _host.Servables.RefreshAsync(Cancellation);

        Assert.Equal(ServingError.ModelNotFound, (await Assert.ThrowsAsync<ServingException>(() => AcquireAsync(VersionSelector.Champion))).Error);
        await WaitUntilAsync(() => _host.Runtime.Instance(package.Digest).IsDisposed);
        Assert.Empty(_host.Servables.List());
    }

    [Fact]
    public async Task RefreshAsync_CatalogAway_ThrowsAndTheLoadedModelsAnswer()
    {
        _host.Register(1);
        await _host.Servables.RefreshAsync(Cancellation);
        _host.Catalog.Failure = new RegistryException(RegistryError.StoreUnavailable, "The registry is away.");

        await Assert.ThrowsAsync<RegistryException>(() => _host.Servables.RefreshAsync(Cancellation));

        using var lease = await AcquireAsync(VersionSelector.Champion);
        Assert.Equal(1, lease.Servable.Version);
    }

    [Fact]
    public async Task DisposeAsync_WithALoadInProgress_FreesEverything()
    {
        var host = new ServingHost();
        host.Register(1);
        host.Catalog.Gate = new TaskCompletionSource().Task;
        var refresh = host.Servables.RefreshAsync(Cancellation);
        await WaitUntilAsync(() => !host.Catalog.OpenedVersions.IsEmpty);

        await host.DisposeAsync();
        await refresh;

        Assert.Empty(host.Runtime.Opened);
    }

    [Fact]
    public async Task AcquireAsync_UnderASwapLoop_AlwaysAnswersAndFreesAll()
    {
        await using var host = new ServingHost(configure: static services => Configure(services, unaliased: 1));
        host.Register(1);
        await host.Servables.RefreshAsync(Cancellation);
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var answers = 0;
            do
            {
                var result = await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
                Assert.Equal(1, result.Rows);
                answers++;
            }
            while (!stop.IsCancellationRequested);

            return answers;
        })).ToList();

        for (var version = 2; version <= 15; version++)
        {
            host.Register(version);
            await host.Servables.RefreshAsync(Cancellation);
        }

        await stop.CancelAsync();
        var counts = await Task.WhenAll(callers).WaitAsync(Cancellation);
        await WaitUntilAsync(() => host.Runtime.Opened.Count(item => !item.Instance.IsDisposed) <= 2);

        Assert.All(counts, count => Assert.True(count > 0));
        Assert.DoesNotContain(host.Runtime.Opened, item => item.Instance.WasEnteredTwice);
        Assert.Empty(host.Log.Errors);
    }

    [Theory]
    [InlineData(new long[] { 1, 2, 3, 4, 5 }, new long[] { 2 }, 2, new long[] { 2, 4, 5 })]
    [InlineData(new long[] { 1, 2, 3 }, new long[] { 3, 1 }, 2, new long[] { 1, 3 })]
    [InlineData(new long[] { 1, 2, 3 }, new long[] { }, 2, new long[] { 2, 3 })]
    [InlineData(new long[] { 1, 2, 3 }, new long[] { 1 }, 0, new long[] { 1 })]
    [InlineData(new long[] { 1 }, new long[] { 9 }, 2, new long[] { })]
    [InlineData(new long[] { }, new long[] { }, 2, new long[] { })]
    public void ChooseEager_VersionsAndAliases_GivesTargetsAndTheNewestAboveThem(long[] versions, long[] aliases, int newer, long[] expected)
    {
        var model = new CatalogModel(
            ServingHost.Model,
            [.. versions.Select(version => new CatalogVersion(version, $"sha256:{version}", DateTimeOffset.UnixEpoch))],
            aliases.Select((version, index) => (index, version)).ToDictionary(item => $"alias{item.index}", item => item.version));

        Assert.Equal(expected, VersionPolicy.ChooseEager(model, newer));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static void Configure(Microsoft.Extensions.DependencyInjection.IServiceCollection services, int unaliased) =>
        Microsoft.Extensions.DependencyInjection.OptionsServiceCollectionExtensions.Configure<ServableManagerOptions>(
            services, options => (options.UnaliasedVersionsMax, options.NewerVersionsMax) = (unaliased, 0));

    private static ServableStatus Status(ServingHost host, long version) => host.Servables.List().Single(status => status.Version == version);

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), timeout.Token);
        }
    }

    private Task<ServableLease> AcquireAsync(VersionSelector selector) => _host.Servables.AcquireAsync(ServingHost.Model, selector, Cancellation).AsTask();
}
