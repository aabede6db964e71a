using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Storage.Tests;

/// <summary>Uploads in parts whose process was ended amid them.</summary>
public sealed class AbandonedUploadsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private S3TestServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await S3TestServer.StartAsync(Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task PutFileAsync_UploadsOfYesterday_AreGivenUpBelowItsFolderOnly()
    {
        foreach (var key in new[] { "p/artifacts/a", "p/artifacts/b", "p/artifacts/c", "p/offline/a", "q/artifacts/a", "p/artifacts2/a", "artifacts/a" })
        {
            _server.BeginUpload(key, Now.AddHours(-25));
        }

        _server.BeginUpload("p/artifacts/b", Now.AddHours(-23));
        using var store = Open("p");

        await store.PutFileAsync("artifacts/new", Write(), null, Cancellation);

        Assert.Equal(["artifacts/a", "p/artifacts/b", "p/artifacts2/a", "p/offline/a", "q/artifacts/a"], _server.OpenUploadKeys);
        Assert.Equal(["p/artifacts/new"], _server.Keys);
    }

    [Fact]
    public async Task PutFileAsync_WithoutAPrefix_LeavesWhatOthersWriteIntoTheBucket()
    {
        _server.BeginUpload("artifacts/a", Now.AddHours(-25));
        _server.BeginUpload("of-others/a", Now.AddHours(-25));
        using var store = Open("");

        await store.PutFileAsync("artifacts/new", Write(), null, Cancellation);

        Assert.Equal(["of-others/a"], _server.OpenUploadKeys);
    }

    [Fact]
    public async Task PutFileAsync_MoreFiles_LooksOnce()
    {
        using var store = Open("p");

        await store.PutFileAsync("artifacts/one", Write(), null, Cancellation);
        await store.PutFileAsync("artifacts/two", Write(), null, Cancellation);

        Assert.Single(_server.Requests, static request => request.StartsWith("GET ?", StringComparison.Ordinal) && request.Contains("uploads", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(503)]
    public async Task PutFileAsync_UploadsMayNotBeListed_WritesAsEver(int status)
    {
        _server.Fault = (method, _, query) => method == "GET" && query.Contains("uploads", StringComparison.Ordinal) ? status : null;
        using var store = Open("p");

        await store.PutFileAsync("artifacts/new", Write(), null, Cancellation);

        Assert.Equal(["p/artifacts/new"], _server.Keys);
    }

    private ObjectStore Open(string prefix) => Buckets.Open(_server.Address, _folder, options => options.Prefix = prefix, new FakeTimeProvider(Now));

    private string Write()
    {
        var path = _folder.Combine("source");
        File.WriteAllBytes(path, new byte[6_000_000]);
        return path;
    }
}
