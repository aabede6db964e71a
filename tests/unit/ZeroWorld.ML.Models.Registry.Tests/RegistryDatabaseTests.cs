using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry.Tests;

public sealed class RegistryDatabaseTests : IDisposable
{
    private readonly RegistryFixture _fixture = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task GetRevisionAsync_ManyInstancesOnANewDirectory_MakeOneDatabase()
    {
        var registries = Enumerable.Range(0, 12).Select(_ => _fixture.Open()).ToArray();

        var revisions = await Task.WhenAll(registries.Select(registry => Task.Run(() => registry.GetRevisionAsync(Cancellation))));

        Assert.All(revisions, revision => Assert.Equal(0, revision));
        Assert.Equal("wal", await ScalarAsync("PRAGMA journal_mode"));
        Assert.Equal(1L, await ScalarAsync("SELECT count(*) FROM registry_state"));
    }

    [Fact]
    public async Task GetRevisionAsync_NewerSchema_IsRefusedWithASentence()
    {
        await _fixture.RegisterAsync(1);
        await ScalarAsync("UPDATE registry_state SET schema_version = 2");

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Open().GetRevisionAsync(Cancellation));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains("has schema 2; this build knows schemas up to 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_OlderSchema_IsBroughtForwardOnceAndKeepsItsRows()
    {
        await _fixture.RegisterAsync(1);
        string[] migrations = ["ALTER TABLE model_versions ADD COLUMN note TEXT; UPDATE model_versions SET note = 'old';", "CREATE TABLE extra (id INTEGER);"];
        var databases = Enumerable.Range(0, 4).Select(_ => new RegistryDatabase(_fixture.Options, TimeProvider.System, migrations)).ToArray();

        var counts = await Task.WhenAll(databases.Select(
            database => Task.Run(() => database.ReadAsync(context => context.Versions.CountAsync(Cancellation), Cancellation))));

        Assert.All(counts, count => Assert.Equal(1, count));
        Assert.Equal(3L, await ScalarAsync("SELECT schema_version FROM registry_state"));
        Assert.Equal("old", await ScalarAsync("SELECT note FROM model_versions"));
        Array.ForEach(databases, database => database.Dispose());
    }

    [Fact]
    public async Task ReadAsync_FailingMigration_LeavesTheOlderSchema()
    {
        await _fixture.RegisterAsync(1);
        using var database = new RegistryDatabase(_fixture.Options, TimeProvider.System, ["CREATE TABLE extra (id INTEGER);", "NONSENSE"]);

        await Assert.ThrowsAsync<RegistryException>(() => database.ReadAsync(context => context.Versions.CountAsync(Cancellation), Cancellation));

        Assert.Equal(1L, await ScalarAsync("SELECT schema_version FROM registry_state"));
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM sqlite_master WHERE name = 'extra'"));
        Assert.Single(await _fixture.Open().ListAsync(Cancellation));
    }

    [Fact]
    public async Task ChangeAsync_KeyTakenByAnotherWriter_IsTriedAgain()
    {
        await _fixture.RegisterAsync(1);
        using var database = new RegistryDatabase(_fixture.Options, TimeProvider.System, []);
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
        using var database = new RegistryDatabase(_fixture.Options, TimeProvider.System, []);
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
        using var database = new RegistryDatabase(_fixture.Options, TimeProvider.System, []);

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.ChangeAsync(
            async (context, _) =>
            {
                var row = await context.Versions.SingleAsync(Cancellation);
                context.Entry(row).Property(version => version.Digest).CurrentValue = "other";
                return 0;
            },
            Cancellation));
    }

    [Fact]
    public async Task SetAliasAsync_DatabaseHeldByAnotherProcess_IsUnavailableInTime()
    {
        await _fixture.RegisterAsync(1);
        var impatient = _fixture.Open(options: _fixture.Options with { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        await impatient.GetRevisionAsync(Cancellation);
        await using var holder = new SqliteConnection(SqliteRegistry.ToConnectionString(_fixture.Options));
        await holder.OpenAsync(Cancellation);
        await using var transaction = holder.BeginTransaction();

        var exception = await Assert.ThrowsAsync<RegistryException>(
            () => impatient.SetAliasAsync(RegistryFixture.Fraud, "champion", 1, 0, "test", Cancellation).WaitAsync(TimeSpan.FromSeconds(10), Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("is being written by another process", exception.Message, StringComparison.Ordinal);
        Assert.Single(await impatient.ListAsync(Cancellation));
    }

    [Fact]
    public async Task ListAsync_FileThatIsNoDatabase_IsCorrupt()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_fixture.Options.DatabasePath)!);
        await File.WriteAllTextAsync(_fixture.Options.DatabasePath, new string('x', 5000), Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Registry.ListAsync(Cancellation));

        Assert.Equal(RegistryError.CorruptArtifact, exception.Error);
        Assert.Contains("registry.db", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListAsync_DirectoryThatCannotBeMade_IsUnavailable()
    {
        await File.WriteAllTextAsync(_fixture.Options.DataDirectory, "a file", Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Registry.ListAsync(Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
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

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection(SqliteRegistry.ToConnectionString(_fixture.Options));
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
