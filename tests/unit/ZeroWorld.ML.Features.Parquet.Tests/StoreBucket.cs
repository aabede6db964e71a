using ZeroWorld.ML.Storage;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>The bucket of a server of S3, with a cache of its files in a folder of tests.</summary>
internal sealed class StoreBucket : IDisposable
{
    /// <param name="folder">Where the key and the cache lie.</param>
    /// <param name="address">Of the server.</param>
    /// <param name="prefix">Of all names in the bucket.</param>
    public StoreBucket(StoreFolder folder, string address, string prefix = "")
    {
        Objects = new ObjectStore(new S3Options
        {
            Bucket = S3TestServer.Bucket,
            Endpoint = address,
            AccessKey = S3TestServer.AccessKey,
            SecretKeyFile = folder.WriteText("secret", S3TestServer.SecretKey),
            Prefix = prefix,
            RetriesMax = 1,
        });
        Cache = new ObjectFileCache(Objects, folder.PathOf("data/cache"), 1 << 30, TimeProvider.System);
    }

    public ObjectStore Objects { get; }

    public ObjectFileCache Cache { get; }

    public void Dispose()
    {
        Cache.Dispose();
        Objects.Dispose();
    }
}
