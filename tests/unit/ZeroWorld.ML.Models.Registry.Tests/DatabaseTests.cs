using ZeroWorld.ML.Storage;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Models.Registry.Tests;

public sealed class SqliteAliasTests : AliasContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());
}

public sealed class PostgresAliasTests(PostgresFixture postgres) : AliasContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => postgres.CreateAsync(cancellationToken);
}

public sealed class SqliteRetirementTests : RetirementContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());
}

public sealed class PostgresRetirementTests(PostgresFixture postgres) : RetirementContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => postgres.CreateAsync(cancellationToken);
}

public sealed class SqliteModelRegistryTests : ModelRegistryContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());
}

public sealed class PostgresModelRegistryTests(PostgresFixture postgres) : ModelRegistryContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => postgres.CreateAsync(cancellationToken);
}

public sealed class SqliteRegistryDatabaseTests : RegistryDatabaseContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());
}

public sealed class PostgresRegistryDatabaseTests(PostgresFixture postgres) : RegistryDatabaseContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => postgres.CreateAsync(cancellationToken);
}

public sealed class SqliteRunStoreTests : RunStoreContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());
}

public sealed class PostgresRunStoreTests(PostgresFixture postgres) : RunStoreContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => postgres.CreateAsync(cancellationToken);
}

public sealed class SqliteArtifactCollectorTests : ArtifactCollectorContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());
}

public sealed class PostgresArtifactCollectorTests(PostgresFixture postgres) : ArtifactCollectorContract
{
    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => postgres.CreateAsync(cancellationToken);
}

/// <summary>With artifacts in a bucket.</summary>
public sealed class S3ArtifactCollectorTests : ArtifactCollectorContract
{
    private readonly TempFolder _folder = new();
    private S3TestServer? _server;
    private ObjectStore? _objects;

    private protected override DateTimeOffset StoredTime => S3TestServer.Modified;

    private protected override Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryFixture());

    private protected override async Task<IArtifactStore> CreateStoreAsync(RegistryFixture fixture, CancellationToken cancellationToken)
    {
        _server = await S3TestServer.StartAsync(cancellationToken);
        await File.WriteAllTextAsync(_folder.Combine("secret"), S3TestServer.SecretKey, cancellationToken);
        _objects = new ObjectStore(new S3Options
        {
            Bucket = S3TestServer.Bucket,
            Endpoint = _server.Address,
            AccessKey = S3TestServer.AccessKey,
            SecretKeyFile = _folder.Combine("secret"),
            RetriesMax = 1,
        });
        return new S3ArtifactStore(_objects, _folder.Combine("staging"));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _objects?.Dispose();
        _folder.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
