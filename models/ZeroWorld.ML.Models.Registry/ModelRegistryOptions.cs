namespace ZeroWorld.ML.Models.Registry;

/// <summary>Where the registry keeps its state, and how long it waits for it.</summary>
public sealed record ModelRegistryOptions
{
    /// <value>The data directory; the registry uses <c>registry</c> and <c>packages</c> in it.</value>
    public string DataDirectory { get; init; } = ".zeroworld";

    /// <value>How long a call waits while another process writes; 1 ms or more.</value>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public string DatabasePath => Path.Combine(DataDirectory, "registry", "registry.db");

    public string RunsDatabasePath => Path.Combine(DataDirectory, "registry", "runs.db");

    public string ArtifactsPath => Path.Combine(DataDirectory, "registry", "artifacts");

    public string PackagesPath => Path.Combine(DataDirectory, "packages");
}
