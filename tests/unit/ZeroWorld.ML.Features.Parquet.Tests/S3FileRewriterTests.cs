using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class S3FileRewriterTests : IAsyncLifetime
{
    private readonly StoreFolder _folder = new();
    private S3TestServer _server = null!;
    private StoreBucket _bucket = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await S3TestServer.StartAsync(Token);
        _bucket = new StoreBucket(_folder, _server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _bucket.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    // What was to be erased from a file that somebody deletes or writes anew at the same moment.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_FileThatIsNotThereAnyMoreWhenItIsToBeReplaced_StaysInNoCache(bool isDeleted)
    {
        await _bucket.Objects.PutTextAsync("t/a.parquet", "whose", Token);
        var path = _folder.WriteText("file.parquet", "");
        var looks = 0;

        var (rows, files) = await new S3FileRewriter(_bucket.Objects, _bucket.Cache).RunAsync(
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
        Assert.DoesNotContain("whose", Directory.GetFiles(_folder.PathOf("data/cache")).Select(File.ReadAllText));
        Assert.Equal(isDeleted ? [] : ["t/a.parquet"], _server.Keys);
    }
}
