using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>Schema, transactions and their conflicts: the same in every database.</summary>
public abstract class RegistryDatabaseContract : IAsyncLifetime
{
    private RegistryFixture _fixture = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>An empty registry, of the database that the derived class is for.</summary>
    private protected abstract Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken);

    public async ValueTask InitializeAsync() => _fixture = await CreateAsync(Cancellation);

    public ValueTask DisposeAsync()
    {
        _fixture?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task GetRevisionAsync_ManyInstancesAtOnce_MakeOneDatabase()
    {
        var registries = Enumerable.Range(0, 12).Select(_ => _fixture.Open()).ToArray();

        var revisions = await Task.WhenAll(registries.Select(registry => Task.Run(() => registry.GetRevisionAsync(Cancellation))));

        Assert.All(revisions, revision => Assert.Equal(0, revision));
        Assert.Equal(1, await ScalarAsync<long>("SELECT count(*) AS \"Value\" FROM registry_state"));
    }

    [Fact]
    public async Task GetRevisionAsync_NewerSchema_IsRefusedWithASentence()
    {
        await _fixture.RegisterAsync(1);
        await ExecuteAsync("UPDATE registry_state SET schema_version = 3");

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Open().GetRevisionAsync(Cancellation));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains("has schema 3; this build knows schemas up to 2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_OlderSchema_IsBroughtForwardOnceAndKeepsItsRows()
    {
        await _fixture.RegisterAsync(1);
        string[] migrations = [.. RegistrySchema.Migrations, "ALTER TABLE model_versions ADD COLUMN note TEXT; UPDATE model_versions SET note = 'old';", "CREATE TABLE extra (id INTEGER);"];
        var databases = Enumerable.Range(0, 4).Select(_ => _fixture.OpenDatabase(migrations)).ToArray();

        var counts = await Task.WhenAll(databases.Select(
            database => Task.Run(() => database.ReadAsync(context => context.Versions.CountAsync(Cancellation), Cancellation))));

        Assert.All(counts, count => Assert.Equal(1, count));
        Assert.Equal(4, await ScalarAsync<long>("SELECT CAST(schema_version AS bigint) AS \"Value\" FROM registry_state"));
        Assert.Equal("old", await ScalarAsync<string>("SELECT note AS \"Value\" FROM model_versions"));
        Array.ForEach(databases, database => database.Dispose());
    }

    [Fact]
    public async Task RetireAsync_DatabaseOfSchema1_IsBroughtForward()
    {
        await _fixture.RegisterAsync(1);
        await ExecuteAsync("DROP TABLE model_retirements");
        await ExecuteAsync("DROP TABLE model_deletions");
        await ExecuteAsync("UPDATE registry_state SET schema_version = 1");
        var registry = _fixture.Open();

        await registry.RetireAsync(RegistryFixture.Fraud, 1, "alice", Cancellation);
        var models = await registry.ListAsync(Cancellation);
        await registry.DeleteAsync(RegistryFixture.Fraud, 1, "alice", Cancellation);

        Assert.Equal([1L], Assert.Single(models).Retired.Select(version => version.Version));
        Assert.Equal(2, (await _fixture.RegisterAsync(2)).Version);
        Assert.Equal(2, await ScalarAsync<long>("SELECT CAST(schema_version AS bigint) AS \"Value\" FROM registry_state"));
    }

    [Fact]
    public async Task ReadAsync_FailingMigration_LeavesTheOlderSchema()
    {
        await _fixture.RegisterAsync(1);
        using var database = _fixture.OpenDatabase([.. RegistrySchema.Migrations, "CREATE TABLE extra (id INTEGER);", "NONSENSE"]);

        await Assert.ThrowsAsync<RegistryException>(() => database.ReadAsync(context => context.Versions.CountAsync(Cancellation), Cancellation));

        Assert.Equal(2, await ScalarAsync<long>("SELECT CAST(schema_version AS bigint) AS \"Value\" FROM registry_state"));
        Assert.False(await ExistsAsync("extra"));
        Assert.Single(await _fixture.Open().ListAsync(Cancellation));
    }

    [Fact]
    public async Task ChangeAsync_KeyTakenByAnotherWriter_IsTriedAgain()
    {
        await _fixture.RegisterAsync(1);
        using var database = _fixture.OpenDatabase(RegistrySchema.Migrations);
        var attempts = 0;

        var version = await database.ChangeAsync(
            (context, _) =>
            {
                var number = ++attempts;
                context.Versions.Add(Row(number, digest: $"digest-{number}"));
                return Task.FromResult(number);
            },
            Cancellation);

        Assert.Equal((2, 2), (version, attempts));
        Assert.Equal(2, await database.ReadAsync(context => context.State.Select(row => row.Revision).SingleAsync(Cancellation), Cancellation));
    }

    [Fact]
    public async Task ChangeAsync_KeyAlwaysTaken_GivesUpAfterABoundedNumberOfTries()
    {
        await _fixture.RegisterAsync(1);
        using var database = _fixture.OpenDatabase(RegistrySchema.Migrations);
        var attempts = 0;

        await Assert.ThrowsAsync<RegistryException>(() => database.ChangeAsync(
            (context, _) =>
            {
                attempts++;
                context.Versions.Add(Row(1, digest: "other"));
                return Task.FromResult(0);
            },
            Cancellation));

        Assert.Equal(RegistryDatabase.ConflictRetriesMax + 1, attempts);
    }

    [Fact]
    public async Task ChangeAsync_ChangeOfAVersion_IsImpossible()
    {
        await _fixture.RegisterAsync(1);
        using var database = _fixture.OpenDatabase(RegistrySchema.Migrations);

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.ChangeAsync(
            async (context, _) =>
            {
                var row = await context.Versions.SingleAsync(Cancellation);
                context.Entry(row).Property(version => version.Digest).CurrentValue = "other";
                return 0;
            },
            Cancellation));
    }

    private static VersionRow Row(long version, string digest) => new()
    {
        Project = "default",
        Name = "fraud",
        Version = version,
        Digest = digest,
        Manifest = [],
        CreatedTime = 0,
    };

    private async Task<T> ScalarAsync<T>(string sql)
    {
        using var database = Engine();
        await using var context = new RegistryDbContext(database.CreateOptions<RegistryDbContext>());
        return await context.Database.SqlQueryRaw<T>(sql).SingleAsync(Cancellation);
    }

    private async Task ExecuteAsync(string sql)
    {
        using var database = Engine();
        await using var context = new RegistryDbContext(database.CreateOptions<RegistryDbContext>());
        await context.Database.ExecuteSqlRawAsync(sql, Cancellation);
    }

    private async Task<bool> ExistsAsync(string table)
    {
        try
        {
            await ExecuteAsync($"SELECT count(*) FROM {table}");
            return true;
        }
        catch (System.Data.Common.DbException)
        {
            return false;
        }
    }

    private IRegistryEngine Engine() =>
        DatabasePlace.Registry(_fixture.Options).CreateEngine(_fixture.Options, TimeProvider.System);
}
