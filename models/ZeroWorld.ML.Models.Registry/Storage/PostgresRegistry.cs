using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>The registry's tables, or those of runs, in PostgreSQL: for several servers that share one.</summary>
internal sealed class PostgresRegistry : IRegistryEngine
{
    private readonly NpgsqlDataSource _source;
    private readonly DatabasePlace _tables;
    private readonly string _place;
    private readonly long _lockTimeoutMs;

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: no connection string, or a password file that cannot be read.</exception>
    public PostgresRegistry(ModelRegistryOptions options, DatabasePlace tables)
    {
        _tables = tables;
        _lockTimeoutMs = (long)options.BusyTimeout.TotalMilliseconds;
        var connection = ReadConnection(options);
        _place = $"{tables.Noun} {connection.Host}:{connection.Port}/{connection.Database ?? connection.Username}";
        _source = NpgsqlDataSource.Create(connection);
    }

    public DbContextOptions<TContext> CreateOptions<TContext>()
        where TContext : DbContext => new DbContextOptionsBuilder<TContext>().UseNpgsql(_source).Options;

    public Task PrepareAsync(DbContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<bool> EnterUpgradeAsync(DbContext context, CancellationToken cancellationToken)
    {
        await EnterChangeAsync(context, cancellationToken).ConfigureAwait(false);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({_tables.UpgradeLock})", cancellationToken).ConfigureAwait(false);
        return await context.Database
            .SqlQuery<bool>($"SELECT to_regclass({_tables.StateTable}) IS NOT NULL AS \"Value\"")
            .SingleAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task EnterChangeAsync(DbContext context, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlRawAsync(string.Create(CultureInfo.InvariantCulture, $"SET LOCAL lock_timeout = {_lockTimeoutMs}"), cancellationToken);

    public Task ExcludeWritersAsync(DbContext context, string table, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlRawAsync(string.Create(CultureInfo.InvariantCulture, $"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"), cancellationToken);

    public bool IsConflict(Exception exception) => Find(exception) is
    {
        SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
    };

    public Task<T> RunAsync<T>(Func<Task<T>> operation) => operation();

    public RegistryException? Translate(Exception exception)
    {
        if (Find(exception) is { } refusal)
        {
            return new RegistryException(RegistryError.StoreUnavailable, $"The {_place} {Describe(refusal)}", exception);
        }

        return exception is NpgsqlException || exception.InnerException is NpgsqlException
            ? new RegistryException(
                RegistryError.StoreUnavailable,
                $"The {_place} cannot be reached: {(exception as NpgsqlException ?? exception.InnerException!).Message}. A change that was under way may or may not have been made.",
                exception)
            : null;
    }

    public void Dispose() => _source.Dispose();

    private static string Describe(PostgresException refusal) => refusal.SqlState switch
    {
        PostgresErrorCodes.LockNotAvailable => "is being written by another process and did not become free in time.",
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            $"does not accept this user and password: {refusal.MessageText}. See Registry:Postgres and Registry:PostgresPasswordFile.",
        PostgresErrorCodes.InvalidCatalogName => $"does not exist: {refusal.MessageText}. Create it (createdb), its tables are made by themselves.",
        PostgresErrorCodes.InsufficientPrivilege => $"does not let this user do what the registry needs: {refusal.MessageText}.",
        PostgresErrorCodes.ReadOnlySqlTransaction => "is read-only (a standby?): nothing was changed. Name the primary in Registry:Postgres.",
        PostgresErrorCodes.DiskFull => "has no room on its disk: nothing was changed.",
        _ => $"cannot be used: {refusal.MessageText} ({refusal.SqlState}).",
    };

    private static PostgresException? Find(Exception exception) => exception as PostgresException ?? exception.InnerException as PostgresException;

    private static NpgsqlConnectionStringBuilder ReadConnection(ModelRegistryOptions options)
    {
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(options.Postgres) { ApplicationName = "zeroworld" };
            if (options.PostgresPasswordFile is { } file)
            {
                connection.Password = File.ReadLines(file).FirstOrDefault() ?? "";
            }

            return string.IsNullOrEmpty(connection.Host)
                ? throw new RegistryException(RegistryError.InvalidInput, "The connection string of the registry names no host; expected Host=...;Database=...;Username=....")
                : connection;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            // The text itself may hold a password.
            throw new RegistryException(
                RegistryError.InvalidInput, "The connection string of the registry is not one that PostgreSQL's client reads; expected Host=...;Database=...;Username=....", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The password file of the registry cannot be read: {exception.Message}", exception);
        }
    }
}
