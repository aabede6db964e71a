using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Storage.Tests;

/// <summary>A server of S3 with an empty bucket, for the tests of a class.</summary>
public abstract class BucketFixture : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly SemaphoreSlim _gate = new(1);
    private string? _address;

    /// <summary>A store under a prefix of its own; skips the running test where the server is not installed.</summary>
    public async Task<ObjectStore> OpenAsync(CancellationToken cancellationToken, Action<S3Options>? configure = null)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _address ??= await StartAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }

        return Buckets.Open(_address, _folder, configure);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
        _gate.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<string> StartAsync(CancellationToken cancellationToken);

    protected abstract ValueTask StopAsync();
}

public sealed class TestServerFixture : BucketFixture
{
    private S3TestServer? _server;

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        _server = await S3TestServer.StartAsync(cancellationToken);
        return _server.Address;
    }

    protected override ValueTask StopAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class MotoFixture : BucketFixture
{
    private MotoProcess? _moto;

    protected override async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        MotoProcess.SkipIfMissing();
        _moto = await MotoProcess.StartAsync(cancellationToken);
        using var client = new HttpClient();
        using var made = await client.PutAsync(new Uri($"{_moto.Address}/{S3TestServer.Bucket}"), null, cancellationToken);
        made.EnsureSuccessStatusCode();
        return _moto.Address;
    }

    protected override ValueTask StopAsync() => _moto?.DisposeAsync() ?? ValueTask.CompletedTask;
}

internal static class Buckets
{
    private static int s_prefixes;

    public static ObjectStore Open(string address, TempFolder folder, Action<S3Options>? configure = null, TimeProvider? time = null)
    {
        var secret = folder.Combine("secret");
        File.WriteAllText(secret, S3TestServer.SecretKey + "\n");
        var options = new S3Options
        {
            Bucket = S3TestServer.Bucket,
            Endpoint = address,
            AccessKey = S3TestServer.AccessKey,
            SecretKeyFile = secret,
            Prefix = $"test/{Interlocked.Increment(ref s_prefixes)}",
            PartMebibytes = S3Options.PartMebibytesMin,
            RetriesMax = 1,
        };
        configure?.Invoke(options);
        return new ObjectStore(options, time ?? TimeProvider.System);
    }

    public static async Task<List<StoredObject>> ToListAsync(this IAsyncEnumerable<StoredObject> objects)
    {
        var list = new List<StoredObject>();
        await foreach (var item in objects)
        {
            list.Add(item);
        }

        return list;
    }
}
