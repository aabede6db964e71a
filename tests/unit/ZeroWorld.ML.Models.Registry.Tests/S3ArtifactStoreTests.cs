using ZeroWorld.ML.Models.Tests;
using ZeroWorld.ML.Storage;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>The artifact store in a bucket keeps the promises of the one in a folder.</summary>
public sealed class S3ArtifactStoreTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private S3TestServer _server = null!;
    private ObjectStore _objects = null!;
    private S3ArtifactStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await S3TestServer.StartAsync(Cancellation);
        await File.WriteAllTextAsync(_folder.File("secret"), S3TestServer.SecretKey, Cancellation);
        _objects = new ObjectStore(new S3Options
        {
            Bucket = S3TestServer.Bucket,
            Endpoint = _server.Address,
            AccessKey = S3TestServer.AccessKey,
            SecretKeyFile = _folder.File("secret"),
            PartMebibytes = 5,
            RetriesMax = 1,
        });
        _store = new S3ArtifactStore(_objects, _folder.File("staging"));
    }

    public async ValueTask DisposeAsync()
    {
        _objects.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task PutAsync_File_LiesUnderItsDigestAndComesBack()
    {
        var digest = await PutAsync("abc");
        await _store.GetAsync(digest, _folder.File("copy"), Cancellation);

        // The SHA-256 of "abc" as FIPS 180 gives it.
        Assert.Equal("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", digest);
        Assert.Equal(["artifacts/sha256/ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"], _server.Keys);
        Assert.Equal("abc", await File.ReadAllTextAsync(_folder.File("copy"), Cancellation));
        Assert.Empty(Directory.GetFiles(_folder.File("staging")));
    }

    [Fact]
    public async Task PutAsync_SameBytesAgain_SendsThemOnce()
    {
        await PutAsync("abc");
        await PutAsync("abc");

        Assert.Single(_server.Requests, static request => request.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GetAsync_Damaged_IsCorruptUntilItIsStoredAgain()
    {
        var digest = await PutAsync("abc");
        _server.Write(_server.Keys[0], "abd"u8.ToArray());

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _store.GetAsync(digest, _folder.File("copy"), Cancellation));

        Assert.Equal(RegistryError.CorruptArtifact, exception.Error);
        Assert.False(File.Exists(_folder.File("copy")));
        await PutAsync("abc");
        await _store.GetAsync(digest, _folder.File("copy"), Cancellation);
    }

    [Fact]
    public async Task GetAsync_Unknown_IsNotFound()
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(() => _store.GetAsync($"sha256:{new string('0', 64)}", _folder.File("copy"), Cancellation));

        Assert.Equal(RegistryError.NotFound, exception.Error);
    }

    [Fact]
    public async Task RegisterAsync_WhileTheBucketIsAway_LeavesNoVersionAndSucceedsLater()
    {
        using var fixture = new RegistryFixture();
        var registry = fixture.Open(_store);
        _server.Fault = static (method, _, _) => method == "PUT" ? 503 : null;

        var exception = await Assert.ThrowsAsync<RegistryException>(async () => await registry.RegisterAsync(await fixture.PackageAsync(1), "test", Cancellation));
        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("it answers 503 SlowDown", exception.Message, StringComparison.Ordinal);
        Assert.Empty(await registry.ListAsync(Cancellation));
        Assert.Empty(_server.Keys);

        _server.Fault = null;
        var version = await registry.RegisterAsync(await fixture.PackageAsync(1), "test", Cancellation);
        var package = await registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation);
        Assert.Equal((1, version.Digest), (version.Version, package.Digest));
    }

    private async Task<string> PutAsync(string text)
    {
        await File.WriteAllTextAsync(_folder.File("source"), text, Cancellation);
        return await _store.PutAsync(_folder.File("source"), Cancellation);
    }
}
