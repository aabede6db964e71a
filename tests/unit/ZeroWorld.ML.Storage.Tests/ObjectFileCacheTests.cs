using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Storage.Tests;

public sealed class ObjectFileCacheTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private S3TestServer _server = null!;
    private ObjectStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Downloads => _server.Requests.Count(static request => request.StartsWith("GET p/", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        _server = await S3TestServer.StartAsync(Cancellation);
        _store = Buckets.Open(_server.Address, _folder, static options => options.Prefix = "p");
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task LinkAsync_ManyAtOnce_BringsAVersionOnce()
    {
        using var cache = new ObjectFileCache(_store, _folder.Combine("cache"), 1 << 20, TimeProvider.System);
        var version = await PutAsync("a", "first");

        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(() => cache.LinkAsync(version, _folder.Combine($"copy-{number}"), Cancellation))));

        Assert.All(Enumerable.Range(0, 16), number => Assert.Equal("first", File.ReadAllText(_folder.Combine($"copy-{number}"))));
        Assert.Equal(1, Downloads);
    }

    [Fact]
    public async Task LinkAsync_AReplacedObject_IsBroughtAnewTheOldCopyGoesAndTheOldLinkStays()
    {
        using var cache = new ObjectFileCache(_store, _folder.Combine("cache"), 1 << 20, TimeProvider.System);
        await cache.LinkAsync(await PutAsync("a", "first"), _folder.Combine("old"), Cancellation);

        await cache.LinkAsync(await PutAsync("b", "other"), _folder.Combine("other"), Cancellation);

        await cache.LinkAsync(await PutAsync("a", "second"), _folder.Combine("new"), Cancellation);

        Assert.Equal(("first", "second"), (File.ReadAllText(_folder.Combine("old")), File.ReadAllText(_folder.Combine("new"))));
        Assert.Equal(["other", "second"], Directory.GetFiles(_folder.Combine("cache")).Select(File.ReadAllText).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task LinkAsync_BeyondTheBound_DropsTheLeastRecentlyUsedAndTakesNothingFromReaders()
    {
        var time = new SteppingTime();
        using var cache = new ObjectFileCache(_store, _folder.Combine("cache"), 25, time);
        var (a, b, c) = (await PutAsync("a", "0123456789"), await PutAsync("b", "0123456789"), await PutAsync("c", "0123456789"));

        await cache.LinkAsync(a, _folder.Combine("a1"), Cancellation);
        await cache.LinkAsync(b, _folder.Combine("b1"), Cancellation);
        await cache.LinkAsync(a, _folder.Combine("a2"), Cancellation);
        await cache.LinkAsync(c, _folder.Combine("c1"), Cancellation);
        Assert.Equal(2, Directory.GetFiles(_folder.Combine("cache")).Length);
        Assert.Equal(3, Downloads);
        await cache.LinkAsync(a, _folder.Combine("a3"), Cancellation);
        Assert.Equal(3, Downloads);
        await cache.LinkAsync(b, _folder.Combine("b2"), Cancellation);

        Assert.Equal(4, Downloads);
        Assert.Equal("0123456789", File.ReadAllText(_folder.Combine("b1")));
    }

    [Fact]
    public async Task ForgetAsync_OfAVersion_DeletesItsCopyAndNoLink()
    {
        using var cache = new ObjectFileCache(_store, _folder.Combine("cache"), 1 << 20, TimeProvider.System);
        var (a, b) = (await PutAsync("a", "first"), await PutAsync("b", "other"));
        await cache.ForgetAsync(a, Cancellation);
        await cache.LinkAsync(a, _folder.Combine("a1"), Cancellation);
        await cache.LinkAsync(b, _folder.Combine("b1"), Cancellation);

        await cache.ForgetAsync(a, Cancellation);

        Assert.Equal("other", File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.Combine("cache")))));
        Assert.Equal("first", File.ReadAllText(_folder.Combine("a1")));
    }

    private async Task<StoredObject> PutAsync(string key, string text)
    {
        await _store.PutTextAsync(key, text, Cancellation);
        return Assert.Single(await _store.ListAsync(key, Cancellation).ToListAsync());
    }

    /// <summary>A clock that is one second later each time it is asked.</summary>
    private sealed class SteppingTime : TimeProvider
    {
        private long _seconds = 1_900_000_000;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(Interlocked.Increment(ref _seconds));
    }
}
