using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ZeroWorld.ML.Models.Registry.Storage;
using ZeroWorld.ML.Models.Tests;

namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>A data directory, registries on it, and packages to register.</summary>
internal sealed class RegistryFixture : IDisposable
{
    internal static readonly ModelName Fraud = new("default", "fraud");

    private readonly TemporaryFolder _folder = new();
    private readonly List<ModelRegistry> _registries = [];

    /// <param name="postgres">A connection string whose search path is an empty schema; <see langword="null"/>: SQLite in the directory.</param>
    internal RegistryFixture(string? postgres = null)
    {
        // Who waits for the lock on a busy machine gets it some time; tests of a lock that is never free ask for less.
        Options = new ModelRegistryOptions { DataDirectory = _folder.File("data"), Postgres = postgres, BusyTimeout = TimeSpan.FromMinutes(5) };
        Registry = Open();
    }

    internal ModelRegistryOptions Options { get; }

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    internal ModelRegistry Registry { get; }

    internal FakeVerifier Verifier { get; } = new();

    internal FolderArtifactStore Artifacts => new(Options.ArtifactsPath);

    /// <summary>A further registry on the same directory, as another process has it: nothing is shared in memory.</summary>
    internal ModelRegistry Open(IArtifactStore? artifacts = null, ModelRegistryOptions? options = null)
    {
        var registry = new ModelRegistry(options ?? Options, artifacts ?? Artifacts, Verifier, Time, NullLogger<ModelRegistry>.Instance);
        _registries.Add(registry);
        return registry;
    }

    /// <summary>The database alone, as the registry opens it.</summary>
    internal RegistryDatabase OpenDatabase(IReadOnlyList<string> migrations) =>
        new(Options, DatabasePlace.Registry(Options).CreateEngine(Options, TimeProvider.System), migrations);

    /// <summary>A package that differs from those of other numbers.</summary>
    internal async Task<string> PackageAsync(int number, string name = "fraud")
    {
        var folder = _folder.File($"package-{name}-{number}");
        var content = SamplePackage.Content;
        await SamplePackage.WriteAsync(folder, content with
        {
            Model = new ModelName("default", name),
            Lineage = content.Lineage with { Seed = number },
        });
        return folder;
    }

    internal async Task<ModelVersion> RegisterAsync(int number) =>
        await Registry.RegisterAsync(await PackageAsync(number), "test", TestContext.Current.CancellationToken);

    public void Dispose()
    {
        _registries.ForEach(registry => registry.Dispose());
        _folder.Dispose();
    }
}
