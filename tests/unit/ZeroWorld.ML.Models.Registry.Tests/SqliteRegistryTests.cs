using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Models.Registry.Storage;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>What is SQLite's own; the rest is <see cref="RegistryDatabaseContract"/>.</summary>
public sealed class SqliteRegistryTests : IDisposable
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
    public async Task SetAliasAsync_DatabaseHeldByAnotherProcess_IsUnavailableInTime()
    {
        await _fixture.RegisterAsync(1);
        var impatient = _fixture.Open(options: _fixture.Options with { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        await impatient.GetRevisionAsync(Cancellation);
        await using var holder = new SqliteConnection(SqliteRegistry.ToConnectionString(_fixture.Options.DatabasePath));
        await holder.OpenAsync(Cancellation);
        await using var transaction = holder.BeginTransaction();

        var exception = await Assert.ThrowsAsync<RegistryException>(
            () => impatient.SetAliasAsync(RegistryFixture.Fraud, "champion", 1, 0, "test", Cancellation).WaitAsync(TimeSpan.FromSeconds(10), Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("is being written by another process", exception.Message, StringComparison.Ordinal);
        Assert.Single(await impatient.ListAsync(Cancellation));
    }

    [Fact]
    public async Task ListAsync_DiskWithoutAByteLeft_ReadsAndWhatWritesSaysThatItIsFull()
    {
        using var folder = new TempFolder();
        using var disk = SmallDisk.Mount(folder.Path, "2m");
        var options = _fixture.Options with { DataDirectory = disk.Path };
        using (var before = Open())
        {
            await before.RegisterAsync(await _fixture.PackageAsync(1), "test", Cancellation);
        }

        var fill = disk.Fill();
        using var registry = Open();
        var lists = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => registry.ListAsync(Cancellation))));

        Assert.All(lists, static models => Assert.Single(models));
        var exception = await Assert.ThrowsAsync<RegistryException>(() => registry.SetAliasAsync(RegistryFixture.Fraud, "champion", 1, 0, "test", Cancellation));
        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("its disk is full (0 KiB are left)", exception.Message, StringComparison.Ordinal);

        File.Delete(fill);
        await registry.SetAliasAsync(RegistryFixture.Fraud, "champion", 1, 0, "test", Cancellation);
        Assert.Single(await registry.ListAsync(Cancellation));

        ModelRegistry Open() => new(options, _fixture.Artifacts, _fixture.Verifier, _fixture.Time, NullLogger<ModelRegistry>.Instance);
    }

    [Fact]
    public async Task ListAsync_DiskWithoutAByteLeftAndALogOfAnEndedProcess_ReadsTheLogToo()
    {
        using var folder = new TempFolder();
        using var disk = SmallDisk.Mount(folder.Path, "2m");
        var options = _fixture.Options with { DataDirectory = disk.Path };
        using var copies = new TempFolder();
        using (var before = new ModelRegistry(options, _fixture.Artifacts, _fixture.Verifier, _fixture.Time, NullLogger<ModelRegistry>.Instance))
        {
            await before.RegisterAsync(await _fixture.PackageAsync(1), "test", Cancellation);
            foreach (var ending in (string[])["", "-wal"])
            {
                File.Copy(options.DatabasePath + ending, Path.Combine(copies.Path, "db" + ending));
            }
        }

        foreach (var ending in (string[])["", "-wal"])
        {
            File.Copy(Path.Combine(copies.Path, "db" + ending), options.DatabasePath + ending, overwrite: true);
        }

        disk.Fill();
        using var registry = new ModelRegistry(options, _fixture.Artifacts, _fixture.Verifier, _fixture.Time, NullLogger<ModelRegistry>.Instance);

        Assert.Single(await registry.ListAsync(Cancellation));
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

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection(SqliteRegistry.ToConnectionString(_fixture.Options.DatabasePath));
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
