using Npgsql;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>What is PostgreSQL's own: locks, refusals and a server that goes away.</summary>
public sealed class PostgresRegistryTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SetAliasAsync_RowHeldByAnotherProcess_IsUnavailableInTime()
    {
        var (fixture, _) = await postgres.CreateAloneAsync(Cancellation);
        using var registry = fixture;
        await fixture.RegisterAsync(1);
        var impatient = fixture.Open(options: fixture.Options with { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        await impatient.GetRevisionAsync(Cancellation);
        await using var holder = new NpgsqlConnection(fixture.Options.Postgres);
        await holder.OpenAsync(Cancellation);
        await using var transaction = await holder.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand("UPDATE registry_state SET revision = revision", holder, transaction);
        await command.ExecuteNonQueryAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(
            () => impatient.SetAliasAsync(RegistryFixture.Fraud, "champion", 1, 0, "test", Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("is being written by another process", exception.Message, StringComparison.Ordinal);
        Assert.Single(await impatient.ListAsync(Cancellation));
    }

    [Theory]
    [InlineData("Password", "wrong-one", "does not accept this user and password")]
    [InlineData("Database", "nowhere", "does not exist")]
    [InlineData("Username", "nobody", "does not accept this user and password")]
    public async Task ListAsync_RefusedConnection_SaysWhyWithoutThePassword(string key, string value, string expected)
    {
        var process = await postgres.GetAsync(Cancellation);
        using var fixture = new RegistryFixture(new NpgsqlConnectionStringBuilder(process.ConnectionString) { [key] = value }.ConnectionString);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => fixture.Registry.ListAsync(Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-one", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresProcess.Password, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListAsync_NoServer_IsUnavailable()
    {
        using var fixture = new RegistryFixture($"Host=127.0.0.1;Port={LoopbackPort.FindFree()};Database=x;Username=y;Timeout=2");

        var exception = await Assert.ThrowsAsync<RegistryException>(() => fixture.Registry.ListAsync(Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("cannot be reached", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegisterAsync_OnAReadOnlyDatabase_SaysSoAndChangesNothing()
    {
        using var fixture = await postgres.CreateAsync(Cancellation);
        await fixture.RegisterAsync(1);
        var standby = fixture.Open(options: fixture.Options with { Postgres = fixture.Options.Postgres + ";Options=-c default_transaction_read_only=on" });

        var exception = await Assert.ThrowsAsync<RegistryException>(async () => await standby.RegisterAsync(await fixture.PackageAsync(2), "test", Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
        Assert.Contains("read-only", exception.Message, StringComparison.Ordinal);
        Assert.Single(await fixture.Registry.ListVersionsAsync("default", Cancellation));
    }

    [Fact]
    public async Task GetRevisionAsync_AfterTheConnectionsWereCut_RecoversByItself()
    {
        var process = await postgres.GetAsync(Cancellation);
        var (fixture, database) = await postgres.CreateAloneAsync(Cancellation);
        using var registry = fixture;
        await fixture.RegisterAsync(1);
        await process.RunAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'", Cancellation);

        var (failures, revision) = (0, 0L);
        while (revision == 0)
        {
            try
            {
                revision = await fixture.Registry.GetRevisionAsync(Cancellation);
            }
            catch (RegistryException exception)
            {
                Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
                Assert.True(++failures < 10, exception.Message);
            }
        }

        Assert.Equal(1, revision);
    }

    [Theory]
    [InlineData("Database=x")]
    [InlineData("no connection string; Password=hidden-one")]
    public void ModelRegistry_NoConnectionString_IsRefusedWithoutRepeatingIt(string text)
    {
        var exception = Assert.Throws<RegistryException>(() => new RegistryFixture(text));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains("Host=", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-one", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelRegistry_PasswordInAFile_IsRead()
    {
        var process = await postgres.GetAsync(Cancellation);
        using var folder = new TempFolder();
        var file = folder.Combine("password");
        await File.WriteAllTextAsync(file, PostgresProcess.Password + "\n", Cancellation);
        await process.RunAsync("CREATE SCHEMA IF NOT EXISTS by_file", Cancellation);
        var text = new NpgsqlConnectionStringBuilder(process.ConnectionString) { Password = null, SearchPath = "by_file" }.ConnectionString;
        using var fixture = new RegistryFixture();

        var registry = fixture.Open(options: fixture.Options with { Postgres = text, PostgresPasswordFile = file });

        Assert.Empty(await registry.ListAsync(Cancellation));
    }
}
