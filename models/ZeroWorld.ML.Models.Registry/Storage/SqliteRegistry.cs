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
    private const int Full = 13;
    private const int NotADatabase = 26;
    private const int ConstraintPrimaryKey = 1555;
    private const int ConstraintUnique = 2067;

    // The index of its log is a file of 32 KiB, which readers need too.
    private const long RoomMin = 64 << 10;

    private readonly Pragmas _pragmas = new(options.BusyTimeout, tables.Synchronous);

    public DbContextOptions<TContext> CreateOptions<TContext>()
        where TContext : DbContext =>
        new DbContextOptionsBuilder<TContext>()
            .UseSqlite(ToConnectionString(tables.File))
            .AddInterceptors(_pragmas)
            .Options;

    internal static string ToConnectionString(string file) => new SqliteConnectionStringBuilder
    {
        DataSource = Path.GetFullPath(file),
        ForeignKeys = true,
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

    public bool IsConflict(Exception exception) =>
        exception is DbUpdateException { InnerException: SqliteException { SqliteExtendedErrorCode: ConstraintPrimaryKey or ConstraintUnique } };

    public RegistryException? Translate(Exception exception) => exception switch
    {
        SqliteException failure => Translate(failure),
        DbUpdateException { InnerException: SqliteException inner } => Translate(inner),
        _ => null,
    };

    public void Dispose()
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
            $"The {tables.Noun} '{tables.File}' cannot be used: its disk is full ({left >> 10} KiB are left; reading needs {RoomMin >> 10} KiB too). Make room, and repeat it.", exception),
        _ => new RegistryException(RegistryError.StoreUnavailable, $"The {tables.Noun} '{tables.File}' cannot be used: {exception.Message}", exception),
    };

    private long FreeBytes() => new DriveInfo(Path.GetFullPath(tables.File)).AvailableFreeSpace;

    private sealed class Pragmas(TimeSpan busyTimeout, string synchronous) : DbConnectionInterceptor
    {
        private readonly string _sql = $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}; PRAGMA synchronous = {synchronous};";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = _sql;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
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
