namespace ZeroWorld.ML.Models.Registry;

/// <summary>Where the registry keeps its state, and how long it waits for it.</summary>
public sealed record ModelRegistryOptions
{
    /// <value>The data directory; the registry uses <c>registry</c> and <c>packages</c> in it.</value>
    public string DataDirectory { get; init; } = ".zeroworld";

    /// <value>
    /// A PostgreSQL database to keep the metadata and runs in, as Npgsql writes it: <c>Host=HOST;Database=NAME;Username=USER</c>. <see langword="null"/> or empty, the default: SQLite in the data directory.
    /// The database must exist; its tables are made by the first process that opens it.
    /// </value>
    public string? Postgres { get; init; }

    /// <value>A file whose first line is the password of <see cref="Postgres"/>; <see langword="null"/>: it is in the text, or none is needed.</value>
    public string? PostgresPasswordFile { get; init; }

    /// <value>How long a call waits while another process writes; 1 ms or more.</value>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public string DatabasePath => Path.Combine(DataDirectory, "registry", "registry.db");

    public string RunsDatabasePath => Path.Combine(DataDirectory, "registry", "runs.db");

    public string ArtifactsPath => Path.Combine(DataDirectory, "registry", "artifacts");

    public string PackagesPath => Path.Combine(DataDirectory, "packages");
}
