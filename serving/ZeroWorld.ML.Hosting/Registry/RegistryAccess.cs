using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Hosting;

/// <summary>The registry and the runs of a data directory without a server, where its settings put them: SQLite or PostgreSQL, a folder or a bucket.</summary>
/// <remarks>For commands; a server may run beside, and other commands. Packages are registered through a server, which verifies them. Thread safe.</remarks>
public sealed class RegistryAccess : IDisposable
{
    private readonly ObjectStore? _objects;
    private readonly string? _staging;

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the connection string of PostgreSQL is none, or its password file cannot be read.</exception>
    public RegistryAccess(ZeroWorldConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = ToOptions(configuration);
        IArtifactStore artifacts = new FolderArtifactStore(options.ArtifactsPath);
        if (configuration.Get<S3Options>() is { IsUsed: true } bucket)
        {
            // A folder of its own: the one in the data directory is its writer's.
            _objects = new ObjectStore(bucket);
            _staging = Directory.CreateTempSubdirectory("zeroworld-staging-").FullName;
            artifacts = new S3ArtifactStore(_objects, _staging);
        }

        Runs = new RunStore(options, artifacts, TimeProvider.System);
        Models = new ModelRegistry(options, artifacts, new Unverified(), TimeProvider.System, NullLogger<ModelRegistry>.Instance);
        Artifacts = new ArtifactCollector(Models, Runs, artifacts, TimeProvider.System, NullLogger<ArtifactCollector>.Instance);
    }

    /// <summary>Training runs.</summary>
    public RunStore Runs { get; }

    /// <summary>Registered models. Registering here is refused.</summary>
    public ModelRegistry Models { get; }

    /// <summary>Removes artifacts that nothing names.</summary>
    public ArtifactCollector Artifacts { get; }

    public void Dispose()
    {
        Runs.Dispose();
        Models.Dispose();
        _objects?.Dispose();
        if (_staging is not null)
        {
            Directory.Delete(_staging, recursive: true);
        }
    }

    internal static ModelRegistryOptions ToOptions(ZeroWorldConfiguration configuration) => new()
    {
        DataDirectory = Path.GetFullPath(configuration.Get<DataOptions>().DataDirectory),
        Postgres = configuration.Get<RegistryOptions>().Postgres,
        PostgresPasswordFile = configuration.Get<RegistryOptions>().PostgresPasswordFile,
    };

    private sealed class Unverified : IPackageVerifier
    {
        public Task VerifyAsync(ModelPackage package, CancellationToken cancellationToken) =>
            throw new RegistryException(RegistryError.Refused, "A package is registered through a server, which verifies it first.");
    }
}
