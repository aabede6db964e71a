using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Registered models: immutable versions, aliases that move by compare-and-set, and an audit trail.</summary>
/// <remarks>Thread safe. Several processes may use one data directory, a command line beside a server for example.</remarks>
public sealed class ModelRegistry : IModelCatalog, IDisposable
{
    public const int ActorLengthMax = 200;

    private readonly IArtifactStore _artifacts;
    private readonly IPackageVerifier _verifier;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<ModelRegistry> _logger;
    private readonly RegistryDatabase _database;
    private readonly PackageFolder _packages;

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the connection string of PostgreSQL is none, or its password file cannot be read.</exception>
    public ModelRegistry(
        ModelRegistryOptions options, IArtifactStore artifacts, IPackageVerifier verifier, TimeProvider timeProvider, ILogger<ModelRegistry> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BusyTimeout, TimeSpan.FromMilliseconds(1));
        _artifacts = artifacts;
        _verifier = verifier;
        _timeProvider = timeProvider;
        _logger = logger;
        _database = new RegistryDatabase(options, DatabasePlace.Registry(options).CreateEngine(options, timeProvider), RegistrySchema.Migrations);
        _packages = new PackageFolder(options.PackagesPath, artifacts);
    }

    /// <summary>Makes the package in a folder the next version of its model, after it was verified. A package that is registered already answers its version again.</summary>
    /// <remarks>
    /// The files are stored first and the version appears in one transaction after them: a failure between the two leaves files that nobody names, never half a version.
    /// Registering a package again also repairs its stored files.
    /// </remarks>
    /// <param name="packageFolder">manifest.json and the files it names.</param>
    /// <param name="actor">Who asks, for the audit trail; 1 to 200 characters.</param>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.InvalidInput"/>: no valid package; <see cref="RegistryError.CorruptArtifact"/>: a file does not match its digest;
    /// <see cref="RegistryError.Refused"/>: the verifier's sentence; <see cref="RegistryError.StoreUnavailable"/>.
    /// </exception>
    public async Task<ModelVersion> RegisterAsync(string packageFolder, string actor, CancellationToken cancellationToken)
    {
        CheckActor(actor);
        var package = await ModelPackageReader.OpenAsync(packageFolder, cancellationToken).ConfigureAwait(false);
        var existing = await FindAsync(package.Digest, cancellationToken).ConfigureAwait(false);
        if (existing is null)
        {
            await _verifier.VerifyAsync(package, cancellationToken).ConfigureAwait(false);
        }

        var manifest = await StoreAsync(package, cancellationToken).ConfigureAwait(false);
        return existing ?? await AddAsync(package, manifest, actor, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<ModelVersion> GetAsync(ModelName model, long version, CancellationToken cancellationToken)
    {
        var found = await _database.ReadAsync(
            context => context.ReadVersionsAsync(
                context.Versions.Where(row => row.Project == model.Project && row.Name == model.Name && row.Version == version), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return found.SingleOrDefault() ?? throw NoVersion(model, version);
    }

    /// <summary>The version that an alias points at now.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<ModelVersion> GetAsync(ModelName model, string alias, CancellationToken cancellationToken)
    {
        var found = await _database.ReadAsync(
            context => context.ReadVersionsAsync(
                context.Versions.Where(row => row.Project == model.Project && row.Name == model.Name && context.Aliases.Any(
                    pointer => pointer.Project == row.Project && pointer.Name == row.Name && pointer.Version == row.Version && pointer.Alias == alias)),
                cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return found.SingleOrDefault() ?? throw new RegistryException(RegistryError.NotFound, $"There is no model {model} with an alias '{alias}'.");
    }

    /// <summary>All versions in the order of project, name and version: one consistent snapshot.</summary>
    /// <param name="project">Only this project's, or <see langword="null"/> for all.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<IReadOnlyList<ModelVersion>> ListVersionsAsync(string? project, CancellationToken cancellationToken) =>
        await _database.ReadAsync(
            context => context.ReadVersionsAsync(context.Versions.Where(row => project == null || row.Project == project), cancellationToken),
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellationToken)
    {
        var versions = await _database.ReadAsync(
            context => context.ReadSummariesAsync(context.Versions, cancellationToken), cancellationToken).ConfigureAwait(false);
        return
        [
            .. versions.GroupBy(static version => version.Model).Select(static model => new CatalogModel(
                model.Key,
                [.. model.Select(static row => new CatalogVersion(row.Version, row.Digest, RegistryTime.ToDateTimeOffset(row.CreatedTime)))],
                model.SelectMany(static row => row.Aliases, static (row, alias) => (alias, row.Version)).ToDictionary(StringComparer.Ordinal))),
        ];
    }

    /// <inheritdoc/>
    public async Task<ModelPackage> OpenAsync(ModelName model, long version, CancellationToken cancellationToken)
    {
        var digest = await _database.ReadAsync(
            context => context.Versions
                .Where(row => row.Project == model.Project && row.Name == model.Name && row.Version == version)
                .Select(static row => row.Digest).SingleOrDefaultAsync(cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return await OpenPackageAsync(digest ?? throw NoVersion(model, version), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ModelPackage> OpenAsync(string digest, CancellationToken cancellationToken)
    {
        // Refuses what is no digest before anything is asked.
        ArtifactDigest.ToHex(digest);
        var isRegistered = await _database.ReadAsync(
            context => context.Versions.AnyAsync(row => row.Digest == digest, cancellationToken), cancellationToken).ConfigureAwait(false);
        return isRegistered
            ? await OpenPackageAsync(digest, cancellationToken).ConfigureAwait(false)
            : throw new RegistryException(RegistryError.NotFound, $"No registered version has the package {digest}.");
    }

    /// <summary>Moves an alias, or makes it, when it points where the caller believes; the audit entry is part of the same transaction.</summary>
    /// <param name="alias">A name as a model's: <c>champion</c>.</param>
    /// <param name="version">A registered version.</param>
    /// <param name="expectedVersion">Where it is believed to point; 0: it does not exist; <see langword="null"/>: wherever it points.</param>
    /// <param name="actor">Who asks, for the audit trail; 1 to 200 characters.</param>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.Conflict"/>: it points elsewhere, the message says where; <see cref="RegistryError.NotFound"/>: no such version;
    /// <see cref="RegistryError.InvalidInput"/>: no such name; <see cref="RegistryError.StoreUnavailable"/>.
    /// </exception>
    public async Task<ModelAlias> SetAliasAsync(
        ModelName model, string alias, long version, long? expectedVersion, string actor, CancellationToken cancellationToken)
    {
        CheckActor(actor);
        if (!ModelName.IsValid(alias))
        {
            throw new RegistryException(
                RegistryError.InvalidInput,
                $"The alias '{alias}' is not valid; expected a lower-case letter, then lower-case letters, digits, '_' or '-', at most {ModelName.LengthMax} characters.");
        }

        var moved = await _database.ChangeAsync(
            (context, revision) => context.SetAliasAsync(new ModelAlias(model, alias, version, expectedVersion), Stamp(revision, actor), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        if (moved.PreviousVersion != version)
        {
            if (moved.PreviousVersion is { } previous)
            {
                _logger.AliasMoved(alias, model, previous, version, actor);
            }
            else
            {
                _logger.AliasSet(alias, model, version, actor);
            }
        }

        return moved;
    }

    /// <summary>Every feature service that a registered version reads: what a change of definitions must not break.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<IReadOnlyList<PinnedFeatureService>> PinnedServicesAsync(CancellationToken cancellationToken)
    {
        var rows = await _database.ReadAsync(
            context => context.ReadSummariesAsync(context.Versions.Where(static row => row.ServiceName != null), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return
        [
            .. rows.Select(static row => new PinnedFeatureService(
                new FeatureServiceReference(row.ServiceProject!, row.ServiceName!, row.ServiceFingerprint!), row.Model, row.Version, row.Aliases)),
        ];
    }

    /// <summary>A number that grows with every change, cheap to ask for: a server that polls it reads the catalog only when it moved.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public Task<long> GetRevisionAsync(CancellationToken cancellationToken) =>
        _database.ReadAsync(context => context.State.Select(static row => row.Revision).SingleAsync(cancellationToken), cancellationToken);

    /// <summary>The newest changes of a model, newest first.</summary>
    /// <param name="countMax">1 to 10,000.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<IReadOnlyList<AuditEntry>> ListAuditAsync(ModelName model, int countMax, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(countMax, 10_000);
        var rows = await _database.ReadAsync(
            context => context.Audit.AsNoTracking()
                .Where(row => row.Project == model.Project && row.Name == model.Name)
                .OrderByDescending(static row => row.Revision).Take(countMax).ToListAsync(cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return
        [
            .. rows.Select(row => new AuditEntry(
                row.Revision, RegistryTime.ToDateTimeOffset(row.Time), row.Actor, row.Action, model, row.Version, row.Alias, row.PreviousVersion)),
        ];
    }

    public void Dispose()
    {
        _database.Dispose();
        _packages.Dispose();
    }

    // Returns the bytes of the manifest that was stored.
    private async Task<byte[]> StoreAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        // The manifest names the others, so it comes last.
        var files = package.Manifest.Files.Select(static file => (Path: file.Key, file.Value.Digest)).Append((ModelPackage.ManifestFile, package.Digest));
        foreach (var (path, digest) in files)
        {
            var stored = await _artifacts.PutAsync(Path.Combine(package.Directory, path), cancellationToken).ConfigureAwait(false);
            CheckUnchanged(path, stored, digest);
        }

        var manifest = await File.ReadAllBytesAsync(Path.Combine(package.Directory, ModelPackage.ManifestFile), cancellationToken).ConfigureAwait(false);
        CheckUnchanged(ModelPackage.ManifestFile, ArtifactDigest.OfBytes(manifest), package.Digest);
        return manifest;
    }

    private async Task<ModelVersion> AddAsync(ModelPackage package, byte[] manifest, string actor, CancellationToken cancellationToken)
    {
        var row = await _database.ChangeAsync(
            (context, revision) => context.AddVersionAsync(package, manifest, Stamp(revision, actor), cancellationToken), cancellationToken).ConfigureAwait(false);
        var model = new ModelName(row.Project, row.Name);
        _logger.Registered(model, row.Version, row.Digest, actor);
        return await GetAsync(model, row.Version, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ModelVersion?> FindAsync(string digest, CancellationToken cancellationToken)
    {
        var found = await _database.ReadAsync(
            context => context.ReadVersionsAsync(context.Versions.Where(row => row.Digest == digest), cancellationToken), cancellationToken).ConfigureAwait(false);
        return found.SingleOrDefault();
    }

    private Task<ModelPackage> OpenPackageAsync(string digest, CancellationToken cancellationToken) =>
        _packages.OpenAsync(digest, reason => _logger.LocalCopyReplaced(digest, reason), cancellationToken);

    private RegistryChanges.Stamp Stamp(long revision, string actor) => new(revision, RegistryTime.ToMicroseconds(_timeProvider.GetUtcNow()), actor);

    private static void CheckUnchanged(string path, string found, string expected)
    {
        if (found != expected)
        {
            throw new RegistryException(RegistryError.CorruptArtifact, $"The file '{path}' changed while the package was registered.");
        }
    }

    private static void CheckActor(string actor)
    {
        if (string.IsNullOrWhiteSpace(actor) || actor.Length > ActorLengthMax)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The actor '{actor}' is not valid; expected 1 to {ActorLengthMax} characters.");
        }
    }

    private static RegistryException NoVersion(ModelName model, long version) =>
        new(RegistryError.NotFound, $"There is no version {version} of the model {model}.");
}
