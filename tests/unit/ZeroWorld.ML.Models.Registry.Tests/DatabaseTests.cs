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
