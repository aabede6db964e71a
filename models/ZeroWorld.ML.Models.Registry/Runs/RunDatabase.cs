using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ZeroWorld.ML.Models.Registry.Runs;

/// <summary>Opens the database of runs, and reads and changes it in one transaction each.</summary>
/// <remarks>Thread safe; several processes may use one database.</remarks>
internal sealed class RunDatabase(ModelRegistryOptions options) : IDisposable
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private readonly DbContextOptions<RunDbContext> _contextOptions = new DbContextOptionsBuilder<RunDbContext>()
        .UseSqlite(ToConnectionString(options))
        .AddInterceptors(new Pragmas(options.BusyTimeout))
        .Options;

    // One caller of this process at a time waits for the database; the others wait here, where waiting costs no thread.
    private readonly SemaphoreSlim _writer = new(1);
    private bool _isInitialized;

    internal async Task<T> ReadAsync<T>(Func<RunDbContext, Task<T>> read, CancellationToken cancellationToken)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        return await TranslateAsync(async () =>
        {
            var context = new RunDbContext(_contextOptions);
            await using (context.ConfigureAwait(false))
            {
                return await read(context).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    internal async Task<T> ChangeAsync<T>(Func<RunDbContext, Task<T>> change, CancellationToken cancellationToken)
    {
        await InitializeAsync(cancellationToken).ConfigureAwait(false);
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await TranslateAsync(() => ChangeOnceAsync(change, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            _writer.Release();
        }
    }

    public void Dispose()
    {
        using (var connection = new SqliteConnection(ToConnectionString(options)))
        {
            SqliteConnection.ClearPool(connection);
        }

        _writer.Dispose();
    }

    private async Task<T> ChangeOnceAsync<T>(Func<RunDbContext, Task<T>> change, CancellationToken cancellationToken)
    {
        var context = new RunDbContext(_contextOptions);
        await using (context.ConfigureAwait(false))
        {
            // Immediate in SQLite: a transaction that reads first and writes then would be refused, not queued.
            var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var result = await change(context).ConfigureAwait(false);
                await context.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        }
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _isInitialized))
        {
            return;
        }

        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isInitialized)
            {
                await TranslateAsync(async () =>
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.RunsDatabasePath))!);
                    return await CreateAsync(cancellationToken).ConfigureAwait(false);
                }).ConfigureAwait(false);
                Volatile.Write(ref _isInitialized, true);
            }
        }
        finally
        {
            _writer.Release();
        }
    }

    private async Task<bool> CreateAsync(CancellationToken cancellationToken)
    {
        await SwitchToWriteAheadLogAsync(cancellationToken).ConfigureAwait(false);
        return await ChangeOnceAsync(
            async context =>
            {
                var tables = await context.Database
                    .SqlQuery<int>($"SELECT count(*) AS Value FROM sqlite_master WHERE type = 'table' AND name = {RunDbContext.StateTable}")
                    .SingleAsync(cancellationToken).ConfigureAwait(false);
                if (tables == 0)
                {
                    await context.Database.ExecuteSqlRawAsync(context.Database.GenerateCreateScript(), cancellationToken).ConfigureAwait(false);
                    context.State.Add(new RunStateRow { Id = 1, Schema = RunStateRow.CurrentSchema });
                    return true;
                }

                var schema = await context.State.Select(static row => row.Schema).SingleAsync(cancellationToken).ConfigureAwait(false);
                return schema == RunStateRow.CurrentSchema
                    ? false
                    : throw new RegistryException(
                        RegistryError.InvalidInput,
                        $"The database of runs '{options.RunsDatabasePath}' has schema {schema}; this build knows schema {RunStateRow.CurrentSchema}. Use the build that made it, or a newer one.");
            },
            cancellationToken).ConfigureAwait(false);
    }

    // The switch needs the file for itself and does not wait for it: when several processes start at once, all but one are refused for a moment.
    private async Task SwitchToWriteAheadLogAsync(CancellationToken cancellationToken)
    {
        var context = new RunDbContext(_contextOptions);
        await using (context.ConfigureAwait(false))
        {
            var attemptsMax = Math.Max(1, (int)(options.BusyTimeout.TotalMilliseconds / 20));
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken).ConfigureAwait(false);
                    return;
                }
                catch (SqliteException exception) when (exception.SqliteErrorCode is Busy or Locked && attempt < attemptsMax)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<T> TranslateAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation().ConfigureAwait(false);
        }
        catch (SqliteException exception)
        {
            throw Translate(exception);
        }
        catch (DbUpdateException exception) when (exception.InnerException is SqliteException inner)
        {
            throw Translate(inner);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.StoreUnavailable, $"The database of runs '{options.RunsDatabasePath}' cannot be used: {exception.Message}", exception);
        }
    }

    private RegistryException Translate(SqliteException exception) => new(
        exception.SqliteErrorCode is Corrupt or NotADatabase ? RegistryError.CorruptArtifact : RegistryError.StoreUnavailable,
        exception.SqliteErrorCode is Busy or Locked
            ? $"The database of runs '{options.RunsDatabasePath}' is being written by another process and did not become free in time."
            : $"The database of runs '{options.RunsDatabasePath}' cannot be used: {exception.Message}",
        exception);

    private static string ToConnectionString(ModelRegistryOptions options) => new SqliteConnectionStringBuilder
    {
        DataSource = Path.GetFullPath(options.RunsDatabasePath),
        DefaultTimeout = 1,
    }.ToString();

    private sealed class Pragmas(TimeSpan busyTimeout) : DbConnectionInterceptor
    {
        // Normal: what was committed outlives the process; only a power failure can take the last moments.
        private readonly string _sql = $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}; PRAGMA synchronous = NORMAL;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = _sql;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = _sql;
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
