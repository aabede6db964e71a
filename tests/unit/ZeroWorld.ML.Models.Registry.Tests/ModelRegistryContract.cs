namespace ZeroWorld.ML.Models.Registry.Tests;

public abstract class ModelRegistryContract : IAsyncLifetime
{
    private RegistryFixture _fixture = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelRegistry Registry => _fixture.Registry;

    /// <summary>An empty registry, of the database that the derived class is for.</summary>
    private protected abstract Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken);

    public async ValueTask InitializeAsync() => _fixture = await CreateAsync(Cancellation);

    public ValueTask DisposeAsync()
    {
        _fixture?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task RegisterAsync_NewPackages_BecomeVersions1And2WithTheirManifests()
    {
        var first = await _fixture.RegisterAsync(1);
        var second = await _fixture.RegisterAsync(2);

        Assert.Equal((RegistryFixture.Fraud, 1L), (first.Model, first.Version));
        Assert.Equal(2, second.Version);
        Assert.Equal(_fixture.Time.GetUtcNow(), second.CreatedTime);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(await _fixture.PackageAsync(2), "manifest.json"), Cancellation), second.ManifestJson);
        Assert.Equivalent(second, await Registry.GetAsync(RegistryFixture.Fraud, 2, Cancellation));
        Assert.Equal([1L, 2L], (await Registry.ListVersionsAsync("default", Cancellation)).Select(version => version.Version));
        Assert.Empty(await Registry.ListVersionsAsync("other", Cancellation));
    }

    [Fact]
    public async Task RegisterAsync_SamePackageAgain_AnswersItsVersionAndChangesNothing()
    {
        var first = await _fixture.RegisterAsync(1);
        var revision = await Registry.GetRevisionAsync(Cancellation);

        var again = await _fixture.RegisterAsync(1);

        Assert.Equivalent(first, again);
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
        Assert.Single(await Registry.ListAuditAsync(RegistryFixture.Fraud, 10, Cancellation));
        Assert.Equal(1, _fixture.Verifier.Calls);
    }

    [Fact]
    public async Task RegisterAsync_RefusedByTheVerifier_StoresNothing()
    {
        _fixture.Verifier.Refusal = "The feature service 'fraud' has 14 columns, the model reads 15.";

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.RegisterAsync(1));

        Assert.Equal((RegistryError.Refused, _fixture.Verifier.Refusal), (exception.Error, exception.Message));
        Assert.Empty(await Registry.ListAsync(Cancellation));
        Assert.False(Directory.Exists(_fixture.Options.ArtifactsPath));
    }

    [Fact]
    public async Task RegisterAsync_StoreFailsBetweenFiles_LeavesNoVersionAndSucceedsLater()
    {
        for (var puts = 0; puts < 4; puts++)
        {
            var store = new WatchedArtifactStore(_fixture.Artifacts) { FailAfterPuts = puts };
            var failing = _fixture.Open(store);
            var exception = await Assert.ThrowsAsync<RegistryException>(
                async () => await failing.RegisterAsync(await _fixture.PackageAsync(1), "test", Cancellation));

            Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
            Assert.Empty(await Registry.ListAsync(Cancellation));
            Assert.Equal(0, await Registry.GetRevisionAsync(Cancellation));
        }

        Assert.Equal(1, (await _fixture.RegisterAsync(1)).Version);
    }

    [Fact]
    public async Task RegisterAsync_DamagedPackage_IsCorrupt()
    {
        var folder = await _fixture.PackageAsync(1);
        await File.AppendAllTextAsync(Path.Combine(folder, "model.onnx"), "x", Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => Registry.RegisterAsync(folder, "test", Cancellation));

        Assert.Equal(RegistryError.CorruptArtifact, exception.Error);
    }

    [Fact]
    public async Task RegisterAsync_ParallelStormOnTwoInstances_VersionsHaveNoGapAndNoDuplicate()
    {
        const int count = 24;
        var folders = await Task.WhenAll(Enumerable.Range(1, count).Select(number => _fixture.PackageAsync(number)));
        ModelRegistry[] registries = [Registry, _fixture.Open()];

        var versions = await Task.WhenAll(folders.Select((folder, index) => Task.Run(() => registries[index % 2].RegisterAsync(folder, "storm", Cancellation))));

        Assert.Equal(Enumerable.Range(1, count).Select(version => (long)version), versions.Select(version => version.Version).Order());
        var listed = Assert.Single(await Registry.ListAsync(Cancellation));
        Assert.Equal(Enumerable.Range(1, count).Select(version => (long)version), listed.Versions.Select(version => version.Version));
        Assert.Equal(count, await Registry.GetRevisionAsync(Cancellation));
        Assert.Equal(count, (await Registry.ListAuditAsync(RegistryFixture.Fraud, 100, Cancellation)).Count);
    }

    [Fact]
    public async Task RegisterAsync_OnePackageManyTimesAtOnce_IsOneVersion()
    {
        var folder = await _fixture.PackageAsync(1);
        ModelRegistry[] registries = [Registry, _fixture.Open()];

        var versions = await Task.WhenAll(Enumerable.Range(0, 20).Select(index => Task.Run(() => registries[index % 2].RegisterAsync(folder, "storm", Cancellation))));

        Assert.All(versions, version => Assert.Equal(1, version.Version));
        Assert.Single(await Registry.ListAuditAsync(RegistryFixture.Fraud, 100, Cancellation));
    }

    [Fact]
    public async Task ListAsync_TwoModels_EachCountsFromOne()
    {
        await _fixture.RegisterAsync(1);
        await Registry.RegisterAsync(await _fixture.PackageAsync(1, "risk"), "test", Cancellation);
        await Registry.SetAliasAsync(new ModelName("default", "risk"), "champion", 1, 0, "test", Cancellation);

        var models = await _fixture.Open().ListAsync(Cancellation);

        Assert.Equal(["default/fraud", "default/risk"], models.Select(model => model.Model.ToString()));
        Assert.All(models, model => Assert.Equal([1L], model.Versions.Select(version => version.Version)));
        Assert.Empty(models[0].Aliases);
        Assert.Equal(new Dictionary<string, long> { ["champion"] = 1 }, models[1].Aliases);
    }

    [Fact]
    public async Task GetAsync_UnknownModelVersionOrAlias_IsNotFoundByName()
    {
        await _fixture.RegisterAsync(1);

        await AssertNotFoundAsync("There is no version 2 of the model default/fraud.", () => Registry.GetAsync(RegistryFixture.Fraud, 2, Cancellation));
        await AssertNotFoundAsync("There is no version 1 of the model default/x.", () => Registry.OpenAsync(new ModelName("default", "x"), 1, Cancellation));
        await AssertNotFoundAsync(
            "There is no model default/fraud with an alias 'champion'.", () => Registry.GetAsync(RegistryFixture.Fraud, "champion", Cancellation));
    }

    [Fact]
    public async Task PinnedServicesAsync_VersionsWithAndWithoutAService_NamesThoseWith()
    {
        await _fixture.RegisterAsync(1);
        await _fixture.RegisterAsync(2);
        await Registry.SetAliasAsync(RegistryFixture.Fraud, "champion", 2, null, "test", Cancellation);
        await Registry.SetAliasAsync(RegistryFixture.Fraud, "backup", 2, null, "test", Cancellation);

        var pinned = await Registry.PinnedServicesAsync(Cancellation);

        Assert.Equal([1L, 2L], pinned.Select(pin => pin.Version));
        Assert.All(pinned, pin => Assert.Equal(new FeatureServiceReference("default", "fraud", "fp-1"), pin.Service));
        Assert.Empty(pinned[0].Aliases);
        Assert.Equal(["backup", "champion"], pinned[1].Aliases);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public async Task RegisterAsync_NoActor_IsRefused(string actor)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(async () => await Registry.RegisterAsync(await _fixture.PackageAsync(1), actor, Cancellation));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
    }

    private static async Task AssertNotFoundAsync(string message, Func<Task> act)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(act);
        Assert.Equal((RegistryError.NotFound, message), (exception.Error, exception.Message));
    }
}
