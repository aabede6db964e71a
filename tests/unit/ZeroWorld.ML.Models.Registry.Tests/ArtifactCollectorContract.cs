using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>What a collection of artifacts removes, and what it never does: the same in every database and store.</summary>
public abstract class ArtifactCollectorContract : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<RunStore> _runStores = [];
    private RegistryFixture _fixture = null!;
    private HookedArtifactStore _store = null!;
    private ModelRegistry _registry = null!;
    private RunStore _runs = null!;
    private FakeTimeProvider _time = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>An empty registry, of the database that the derived class is for.</summary>
    private protected abstract Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken);

    /// <summary>The store that the derived class is for; the folder where it does not say.</summary>
    private protected virtual Task<IArtifactStore> CreateStoreAsync(RegistryFixture fixture, CancellationToken cancellationToken) => Task.FromResult<IArtifactStore>(fixture.Artifacts);

    /// <summary>When the store says that what is stored now was stored.</summary>
    private protected virtual DateTimeOffset StoredTime => TimeProvider.System.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        _time = new FakeTimeProvider(StoredTime.AddDays(10));
        _fixture = await CreateAsync(Cancellation);
        _store = new HookedArtifactStore(await CreateStoreAsync(_fixture, Cancellation));
        _registry = _fixture.Open(_store);
        _runs = OpenRuns();
    }

    public virtual ValueTask DisposeAsync()
    {
        _runStores.ForEach(static store => store.Dispose());
        _fixture?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task CollectAsync_DeletedVersion_TakesWhatItAloneNamedAndSaysWhatItWas()
    {
        await RegisterAsync(2);
        var kept = await ListAsync();
        await RegisterAsync(1);
        var both = await ListAsync();
        await EndAsync(2);

        var found = await CollectAsync();

        // The packages share all but their manifests.
        var gone = Assert.Single(found.Collected);
        Assert.Equal(both.Except(kept).Single(), gone.Artifact.Digest);
        Assert.Equal("default/fraud version 2: manifest.json", gone.Origin);
        Assert.Equal(kept, await ListAsync());
        Assert.Equal((kept.Count, 0, 0), (found.Named.Count, found.Young.Count, found.Missing.Count));
    }

    [Fact]
    public async Task CollectAsync_DryRun_TellsTheSameAndRemovesNothing()
    {
        await RegisterAsync(1);
        await EndAsync(1);
        var before = await ListAsync();

        var told = await CollectAsync(isDryRun: true);

        Assert.Equal(before, await ListAsync());
        Assert.Equal(told.Collected, (await CollectAsync()).Collected);
        Assert.Equal(before.Count, told.Collected.Count);
        Assert.All(told.Collected, static item => Assert.StartsWith("default/fraud version 1: ", item.Origin, StringComparison.Ordinal));
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task CollectAsync_RetiredVersionsAndRuns_KeepTheirArtifacts()
    {
        await RegisterAsync(1);
        await _registry.RetireAsync(RegistryFixture.Fraud, 1, "alice", Cancellation);
        var run = await _runs.StartAsync(new RunStart { Project = "other", Experiment = "e", Name = "n" }, Cancellation);
        await _runs.AddArtifactAsync(run.Id, "curve", await FileAsync("kept"), Cancellation);
        await _runs.AddArtifactAsync(run.Id, "replaced", await FileAsync("old"), Cancellation);
        await _runs.AddArtifactAsync(run.Id, "replaced", await FileAsync("new"), Cancellation);

        var found = await CollectAsync();

        Assert.Equal(ArtifactDigest.OfBytes("old"u8), Assert.Single(found.Collected).Artifact.Digest);
        Assert.Null(found.Collected[0].Origin);
        await _runs.GetArtifactAsync(run.Id, "replaced", _folder.Combine("copy"), Cancellation);
        await _registry.RestoreAsync(RegistryFixture.Fraud, 1, "alice", Cancellation);
        Assert.Empty((await CollectAsync()).Missing);
    }

    [Fact]
    public async Task CollectAsync_WithinTheGrace_StaysAndIsCounted()
    {
        await RegisterAsync(1);
        await _store.PutAsync(await FileAsync("nobody's"), Cancellation);

        var young = await CollectAsync(grace: TimeSpan.FromDays(30));
        var old = await CollectAsync(grace: TimeSpan.FromDays(9));

        Assert.Equal((0, 1, 8L), (young.Collected.Count, young.Young.Count, young.Young.Bytes));
        Assert.Equal((1, 0), (old.Collected.Count, old.Young.Count));
    }

    [Fact]
    public async Task CollectAsync_RegistryThatNamesNothing_IsRefusedUnlessToldSo()
    {
        await _store.PutAsync(await FileAsync("another's"), Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => CollectAsync());

        Assert.Equal(RegistryError.Refused, exception.Error);
        Assert.Contains("may be another registry's", exception.Message, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
        Assert.Single((await CollectAsync(mayTakeAll: true)).Collected);
        Assert.Empty((await CollectAsync()).Collected);
    }

    [Fact]
    public async Task CollectAsync_ArtifactThatSomethingElseRemoved_IsToldAsMissing()
    {
        var version = await RegisterAsync(1);
        await _store.DeleteAsync(version.Digest, Cancellation);
        await _store.DeleteAsync(version.Digest, Cancellation);

        Assert.Equal([version.Digest], (await CollectAsync()).Missing);
        await RegisterAsync(1);
        Assert.Empty((await CollectAsync()).Missing);
    }

    [Fact]
    public async Task RegisterAsync_CollectedBetweenFilesAndVersion_IsStoredAgainAndWhole()
    {
        await RegisterAsync(1);
        await EndAsync(1);
        var collected = 0;

        // The files are all there, and nothing names them yet.
        _store.AfterPut = async path =>
        {
            if (Path.GetFileName(path) == ModelPackage.ManifestFile)
            {
                _store.AfterPut = null;
                collected = (await CollectAsync(mayTakeAll: true)).Collected.Count;
            }
        };
        var version = await RegisterAsync(1);

        Assert.Equal(2, version.Version);
        Assert.True(collected > 0);
        Assert.Empty((await CollectAsync()).Missing);
        Assert.Equal(version.Digest, (await _fixture.Open(_store).OpenAsync(version.Digest, Cancellation)).Digest);
    }

    [Fact]
    public async Task AddArtifactAsync_CollectedBetweenBytesAndName_IsStoredAgain()
    {
        await RegisterAsync(1);
        var run = await _runs.StartAsync(new RunStart { Project = "default", Experiment = "e", Name = "n" }, Cancellation);
        _store.AfterPut = async _ =>
        {
            _store.AfterPut = null;
            Assert.Single((await CollectAsync()).Collected);
        };

        await _runs.AddArtifactAsync(run.Id, "curve", await FileAsync("abc"), Cancellation);

        await _runs.GetArtifactAsync(run.Id, "curve", _folder.Combine("copy"), Cancellation);
        Assert.Equal("abc", await File.ReadAllTextAsync(_folder.Combine("copy"), Cancellation));
    }

    [Fact]
    public async Task CollectAsync_BesideRegistrationsAndRuns_NeverTakesWhatIsNamed()
    {
        await RegisterAsync(0);
        var run = await _runs.StartAsync(new RunStart { Project = "default", Experiment = "e", Name = "n" }, Cancellation);
        string[] packages = [.. await Task.WhenAll(Enumerable.Range(1, 6).Select(number => _fixture.PackageAsync(number)))];
        string[] files = [.. await Task.WhenAll(Enumerable.Range(0, 6).Select(number => FileAsync($"artifact {number}")))];

        // Every version comes, goes and comes back, while others collect without grace.
        using var stop = new CancellationTokenSource();
        var collectors = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var collector = Collector(_fixture.Open(_store), OpenRuns());
            while (!stop.IsCancellationRequested)
            {
                await collector.CollectAsync(new ArtifactCollectionRequest { Grace = TimeSpan.Zero }, null, Cancellation);
            }
        })).ToArray();
        var writers = packages.Zip(files).Select(item => Task.Run(async () =>
        {
            var registry = _fixture.Open(_store);
            for (var round = 0; round < 3; round++)
            {
                var version = await registry.RegisterAsync(item.First, "test", Cancellation);
                await registry.RetireAsync(RegistryFixture.Fraud, version.Version, "test", Cancellation);
                await registry.DeleteAsync(RegistryFixture.Fraud, version.Version, "test", Cancellation);
                await _runs.AddArtifactAsync(run.Id, Path.GetFileName(item.Second), item.Second, Cancellation);
            }

            await registry.RegisterAsync(item.First, "test", Cancellation);
        })).ToArray();
        await Task.WhenAll(writers);
        await stop.CancelAsync();
        await Task.WhenAll(collectors);

        var found = await CollectAsync();

        Assert.Empty(found.Missing);
        Assert.Equal(7, (await _registry.ListVersionsAsync(null, Cancellation)).Count);
        foreach (var version in await _registry.ListVersionsAsync(null, Cancellation))
        {
            await _fixture.Open(_store).OpenAsync(version.Digest, Cancellation);
        }
    }

    [Fact]
    public async Task ListAsync_FilesThatAreNoArtifacts_AreLeftAlone()
    {
        var digest = await _store.PutAsync(await FileAsync("abc"), Cancellation);
        if (_store.Inner is FolderArtifactStore folder)
        {
            await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(folder.ToPath(digest))!, ".hidden"), "x", Cancellation);
            await File.WriteAllTextAsync(folder.ToPath(digest) + ".bak", "x", Cancellation);
        }

        Assert.Equal([digest], await ListAsync());
        Assert.True(await _store.ExistsAsync(digest, Cancellation));
        Assert.False(await _store.ExistsAsync(ArtifactDigest.OfBytes("abd"u8), Cancellation));
    }

    private async Task<ModelVersion> RegisterAsync(int number) => await _registry.RegisterAsync(await _fixture.PackageAsync(number), "test", Cancellation);

    private async Task EndAsync(long version)
    {
        await _registry.RetireAsync(RegistryFixture.Fraud, version, "alice", Cancellation);
        await _registry.DeleteAsync(RegistryFixture.Fraud, version, "alice", Cancellation);
    }

    private Task<ArtifactCollection> CollectAsync(bool isDryRun = false, bool mayTakeAll = false, TimeSpan grace = default) =>
        Collector(_registry, _runs).CollectAsync(new ArtifactCollectionRequest { Grace = grace, IsDryRun = isDryRun, MayTakeAll = mayTakeAll }, null, Cancellation);

    private ArtifactCollector Collector(ModelRegistry registry, RunStore runs) => new(registry, runs, _store, _time, NullLogger<ArtifactCollector>.Instance);

    private RunStore OpenRuns()
    {
        var runs = new RunStore(_fixture.Options, _store, TimeProvider.System);
        _runStores.Add(runs);
        return runs;
    }

    private async Task<IReadOnlyList<string>> ListAsync()
    {
        var digests = new List<string>();
        await foreach (var artifact in _store.ListAsync(Cancellation))
        {
            digests.Add(artifact.Digest);
        }

        return [.. digests.Order(StringComparer.Ordinal)];
    }

    private async Task<string> FileAsync(string text)
    {
        var path = _folder.Combine(text);
        await File.WriteAllTextAsync(path, text, Cancellation);
        return path;
    }
}
