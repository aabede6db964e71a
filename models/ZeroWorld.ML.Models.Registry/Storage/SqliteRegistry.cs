using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>The registry, or runs, in a SQLite file: pragmas, the journal, and its error codes.</summary>
internal sealed class SqliteRegistry(ModelRegistryOptions options, DatabasePlace tables, TimeProvider timeProvider) : IRegistryEngine
{
    // https://sqlite.org/rescode.html
    private const int Busy = 5;
    private const int Locked = 6;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int SharedMemoryOpen = 4618;
    private const int SharedMemorySize = 4874;
    private const int SharedMemoryMap = 5386;
    private const int Full = 13;
    private const int NotADatabase = 26;
    private const int ConstraintPrimaryKey = 1555;
    private const int ConstraintUnique = 2067;

    // The index of its log is a file of 32 KiB, which readers need too unless they have the database for themselves.
    private const long RoomMin = 64 << 10;

    private readonly Pragmas _shared = new(options.BusyTimeout, tables.Synchronous);
    private readonly Alone _alone = new(options.BusyTimeout, tables.Synchronous);
    private volatile bool _isAlone;

    // Until there is room again.
    private bool IsAlone => _isAlone && FreeBytes() < RoomMin;

    public DbContextOptions<TContext> CreateOptions<TContext>()
        where TContext : DbContext
    {
        var isAlone = IsAlone;
        return new DbContextOptionsBuilder<TContext>()
            .UseSqlite(ToConnectionString(tables.File, isAlone))
            .AddInterceptors(isAlone ? _alone : _shared)
            .Options;
    }

    /// <param name="isAlone">Whether the connection has the database for itself while it is open; so it is not kept.</param>
    internal static string ToConnectionString(string file, bool isAlone = false) => new SqliteConnectionStringBuilder
    {
        DataSource = Path.GetFullPath(file),
        ForeignKeys = true,
        Pooling = !isAlone,
        // The driver's own wait polls in steps of 150 ms after SQLite's; the pragma below is the one that waits.
        DefaultTimeout = 1,
    }.ToString();

    /// <summary>Makes the folder, and turns on the write-ahead log, with which readers and the one writer do not wait for each other. The setting stays in the file.</summary>
    public async Task PrepareAsync(DbContext context, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(tables.File))!);

        // The switch needs the file for itself and does not wait for it: when several processes start at once, all but one are refused for a moment.
        var start = timeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (SqliteException exception) when (exception.SqliteErrorCode is Busy or Locked && timeProvider.GetElapsedTime(start) < options.BusyTimeout)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <remarks>A transaction of this driver begins with the writer's lock.</remarks>
    public async Task<bool> EnterUpgradeAsync(DbContext context, CancellationToken cancellationToken) =>
        await context.Database
            .SqlQuery<int>($"SELECT count(*) AS Value FROM sqlite_master WHERE type = 'table' AND name = {tables.StateTable}")
            .SingleAsync(cancellationToken).ConfigureAwait(false) > 0;

    /// <remarks>The pragma of each connection bounds them.</remarks>
    public Task EnterChangeAsync(DbContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <remarks>There is one writer at a time, whatever it writes.</remarks>
    public Task ExcludeWritersAsync(DbContext context, string table, CancellationToken cancellationToken) => Task.CompletedTask;

    public bool IsConflict(Exception exception) =>
        exception is DbUpdateException { InnerException: SqliteException { SqliteExtendedErrorCode: ConstraintPrimaryKey or ConstraintUnique } };

    /// <remarks>
    /// On a disk without room for the index of the log one connection at a time has the database for itself, and the index in its memory: it reads all that was
    /// committed, in the log too. While another process has the database open, it waits for it and is refused.
    /// </remarks>
    public async Task<T> RunAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation().ConfigureAwait(false);
        }
        catch (SqliteException exception) when (exception.SqliteExtendedErrorCode is SharedMemoryOpen or SharedMemorySize or SharedMemoryMap && FreeBytes() < RoomMin)
        {
            // What is left open of those that share it would be in the way.
            ClearPool();
            _isAlone = true;
            return await operation().ConfigureAwait(false);
        }
    }

    public RegistryException? Translate(Exception exception) => exception switch
    {
        SqliteException failure => Translate(failure),
        DbUpdateException { InnerException: SqliteException inner } => Translate(inner),
        _ => null,
    };

    public void Dispose()
    {
        ClearPool();
        _alone.Dispose();
    }

    private void ClearPool()
    {
        using var connection = new SqliteConnection(ToConnectionString(tables.File));
        SqliteConnection.ClearPool(connection);
    }

    private RegistryException Translate(SqliteException exception) => exception.SqliteErrorCode switch
    {
        Busy or Locked => new RegistryException(
            RegistryError.StoreUnavailable, $"The {tables.Noun} '{tables.File}' is being written by another process and did not become free in time.", exception),
        Corrupt or NotADatabase => new RegistryException(
            RegistryError.CorruptArtifact, $"The {tables.Noun} '{tables.File}' is damaged: {exception.Message}", exception),
        InputOutput or Full when FreeBytes() is < RoomMin and var left => new RegistryException(
            RegistryError.StoreUnavailable,
            $"The {tables.Noun} '{tables.File}' cannot be used: its disk is full ({left >> 10} KiB are left). Make room, and repeat it.", exception),
        _ => new RegistryException(RegistryError.StoreUnavailable, $"The {tables.Noun} '{tables.File}' cannot be used: {exception.Message}", exception),
    };

    private long FreeBytes() => new DriveInfo(Path.GetFullPath(tables.File)).AvailableFreeSpace;

    private class Pragmas(TimeSpan busyTimeout, string synchronous) : DbConnectionInterceptor
    {
        protected string Sql { get; init; } = $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}; PRAGMA synchronous = {synchronous};";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Sql;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = Sql;
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Gives a connection the database for itself, one of this process after the other: two that wait for each other's lock would wait in vain.</summary>
    private sealed class Alone : Pragmas, IDisposable
    {
        private readonly SemaphoreSlim _turn = new(1);
        private DbConnection? _holder;

        public Alone(TimeSpan busyTimeout, string synchronous)
            : base(busyTimeout, synchronous) =>
            // Before the first access to the log, or its index is a file after all.
            Sql = "PRAGMA locking_mode = EXCLUSIVE; " + Sql;

        public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
        {
            _turn.Wait();
            BeginTurn(connection);
            return result;
        }

        public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            BeginTurn(connection);
            return result;
        }

        public override void ConnectionFailed(DbConnection connection, ConnectionErrorEventData eventData)
        {
            if (connection.State == ConnectionState.Closed)
            {
                EndTurn(connection);
            }
        }

        public override Task ConnectionFailedAsync(DbConnection connection, ConnectionErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            ConnectionFailed(connection, eventData);
            return Task.CompletedTask;
        }

        public void Dispose() => _turn.Dispose();

        private void BeginTurn(DbConnection connection)
        {
            _holder = connection;
            connection.StateChange += EndTurn;
        }

        private void EndTurn(object sender, StateChangeEventArgs change)
        {
            if (change.CurrentState == ConnectionState.Closed)
            {
                EndTurn((DbConnection)sender);
            }
        }

        private void EndTurn(DbConnection connection)
        {
            connection.StateChange -= EndTurn;
            if (Interlocked.CompareExchange(ref _holder, null, connection) == connection)
            {
                _turn.Release();
            }
        }
    }
}
