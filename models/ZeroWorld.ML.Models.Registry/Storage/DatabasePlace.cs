using ZeroWorld.ML.Models.Registry.Runs;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>One set of tables: where it is when it is a file, and how it is called.</summary>
/// <param name="Noun">What a message calls it, after "The".</param>
/// <param name="File">The SQLite file.</param>
/// <param name="StateTable">A table that is there when the others are.</param>
/// <param name="UpgradeLock">Any number, the same in every build and another for each set: who holds it in PostgreSQL makes or changes the tables.</param>
/// <param name="Synchronous">How SQLite waits for the disk.</param>
internal sealed record DatabasePlace(string Noun, string File, string StateTable, long UpgradeLock, string Synchronous)
{
    /// <summary>Models, versions and aliases. Full: a version that was answered is on the disk.</summary>
    internal static DatabasePlace Registry(ModelRegistryOptions options) =>
        new("registry database", options.DatabasePath, RegistrySchema.StateTable, 0x7A65726F, "FULL");

    /// <summary>Runs. Normal: what was committed outlives the process; only a power failure can take the last moments.</summary>
    internal static DatabasePlace Runs(ModelRegistryOptions options) =>
        new("database of runs", options.RunsDatabasePath, RunDbContext.StateTable, 0x72756E73, "NORMAL");

    /// <summary>The engine that the options ask for.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the connection string of PostgreSQL is none, or its password file cannot be read.</exception>
    internal IRegistryEngine CreateEngine(ModelRegistryOptions options, TimeProvider timeProvider) =>
        string.IsNullOrEmpty(options.Postgres) ? new SqliteRegistry(options, this, timeProvider) : new PostgresRegistry(options, this);
}
