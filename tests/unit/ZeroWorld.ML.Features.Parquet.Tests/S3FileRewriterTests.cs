using ZeroWorld.ML.Storage;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class S3FileRewriterTests : IAsyncLifetime
{
    private readonly StoreFolder _folder = new();
    private S3TestServer _server = null!;
    private ObjectStore _objects = null!;
    private ObjectFileCache _cache = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await S3TestServer.StartAsync(Token);
        _objects = new ObjectStore(new S3Options
        {
            Bucket = S3TestServer.Bucket,
            Endpoint = _server.Address,
            AccessKey = S3TestServer.AccessKey,
            SecretKeyFile = _folder.WriteText("secret", S3TestServer.SecretKey),
            RetriesMax = 1,
        });
        _cache = new ObjectFileCache(_objects, _folder.PathOf("cache"), 1 << 20, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        _objects.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    // What was to be erased from a file that somebody deletes or writes anew at the same moment.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_FileThatIsNotThereAnyMoreWhenItIsToBeReplaced_StaysInNoCache(bool isDeleted)
    {
        await _objects.PutTextAsync("t/a.parquet", "whose", Token);
        var path = _folder.WriteText("file.parquet", "");
        var looks = 0;

        var (rows, files) = await new S3FileRewriter(_objects, _cache).RunAsync(
            "t/",
            path,
            () =>
            {
                if (looks++ > 0 || File.ReadAllText(path) != "whose")
                {
                    return Task.FromResult(0L);
                }

                if (isDeleted)
                {
                    _server.Forget("t/a.parquet");
                }
                else
                {
                    _server.Write("t/a.parquet", "of nobody"u8.ToArray());
                }

                File.Delete(path);
                File.WriteAllText(path, "changed");
                return Task.FromResult(1L);
            },
            Token);

        Assert.Equal((0L, 0L), (rows, files));
        Assert.DoesNotContain("whose", Directory.GetFiles(_folder.PathOf("cache")).Select(File.ReadAllText));
        Assert.Equal(isDeleted ? [] : ["t/a.parquet"], _server.Keys);
    }
}
