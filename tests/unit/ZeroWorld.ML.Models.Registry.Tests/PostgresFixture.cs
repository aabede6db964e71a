using Npgsql;
using ZeroWorld.ML.Models.Registry.Tests;
using ZeroWorld.ML.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>One PostgreSQL for all tests, started by the first that needs it; each test has an empty schema of its own.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private PostgresProcess? _process;
    private int _schemas;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Skips the running test where PostgreSQL is not installed.</summary>
    public async Task<PostgresProcess> GetAsync(CancellationToken cancellationToken)
    {
        PostgresProcess.SkipIfMissing();
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _process ??= await PostgresProcess.StartAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    internal async Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken)
    {
        var postgres = await GetAsync(cancellationToken);
        var schema = $"test_{Interlocked.Increment(ref _schemas)}";
        await postgres.RunAsync($"CREATE SCHEMA {schema}", cancellationToken);
        return new RegistryFixture($"{postgres.ConnectionString};Search Path={schema};Maximum Pool Size=4");
    }

    /// <summary>A registry in a database of its own: locks of the tests beside it are not felt, and its connections can be cut.</summary>
    internal async Task<(RegistryFixture Registry, string Database)> CreateAloneAsync(CancellationToken cancellationToken)
    {
        var postgres = await GetAsync(cancellationToken);
        var database = $"alone_{Interlocked.Increment(ref _schemas)}";
        await postgres.RunAsync($"CREATE DATABASE {database}", cancellationToken);
        return (new RegistryFixture(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = database, MaxPoolSize = 4 }.ConnectionString), database);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _gate.Dispose();
    }
}
