using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Registered models: immutable versions, which may be retired and deleted, aliases that move by compare-and-set, and an audit trail.</summary>
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

    internal RegistryDatabase Database => _database;

    /// <summary>Makes the package in a folder the next version of its model, after it was verified. A package that is registered already answers its version again.</summary>
    /// <remarks>
    /// The files are stored first and the version appears in one transaction after them: a failure between the two leaves files that nobody names (<see cref="ArtifactCollector"/>), never half a version.
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
        return found.SingleOrDefault() ?? throw await ExplainMissingAsync(model, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The version that an alias points at now; never a retired one.</summary>
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
                [.. model.Where(static row => !row.IsRetired).Select(ToCatalog)],
                model.SelectMany(static row => row.Aliases, static (row, alias) => (alias, row.Version)).ToDictionary(StringComparer.Ordinal))
            {
                Retired = [.. model.Where(static row => row.IsRetired).Select(ToCatalog)],
            }),
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
        return await OpenPackageAsync(digest ?? throw await ExplainMissingAsync(model, version, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ModelPackage> OpenAsync(string digest, CancellationToken cancellationToken)
    {
        // Refuses what is no digest before anything is asked.
        ArtifactDigest.ToHex(digest);
        var isRegistered = await _database.ReadAsync(
            context => context.Versions.AnyAsync(row => row.Digest == digest, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (isRegistered)
        {
            return await OpenPackageAsync(digest, cancellationToken).ConfigureAwait(false);
        }

        var deleted = await _database.ReadAsync(
            context => context.Deletions.AsNoTracking().Where(row => row.Digest == digest).OrderByDescending(static row => row.Version).FirstOrDefaultAsync(cancellationToken),
            cancellationToken).ConfigureAwait(false);
        throw deleted is null
            ? new RegistryException(RegistryError.NotFound, $"No registered version has the package {digest}.")
            : await ExplainMissingAsync(new ModelName(deleted.Project, deleted.Name), deleted.Version, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Removes an alias that points where the caller believes.</summary>
    /// <param name="expectedVersion">Where it is believed to point; <see langword="null"/>: wherever it points.</param>
    /// <param name="actor">Who asks, for the audit trail; 1 to 200 characters.</param>
    /// <returns>The alias as it was.</returns>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.NotFound"/>: no such alias; <see cref="RegistryError.Conflict"/>: it points elsewhere; <see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.StoreUnavailable"/>.
    /// </exception>
    public async Task<ModelAlias> RemoveAliasAsync(ModelName model, string alias, long? expectedVersion, string actor, CancellationToken cancellationToken)
    {
        CheckActor(actor);
        var version = await _database.ChangeAsync(
            (context, revision) => context.RemoveAliasAsync(new ModelAlias(model, alias, 0, expectedVersion), Stamp(revision, actor), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        _logger.AliasRemoved(alias, model, version, actor);
        return new ModelAlias(model, alias, version, null);
    }

    /// <summary>Takes a version out of use: no server loads it, no alias may point at it, it pins no feature definitions. <see cref="RestoreAsync"/> takes it back.</summary>
    /// <remarks>Retiring one that is retired changes nothing.</remarks>
    /// <param name="actor">Who asks, for the audit trail; 1 to 200 characters.</param>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.Refused"/>: an alias points at it; <see cref="RegistryError.NotFound"/>, <see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.StoreUnavailable"/>.
    /// </exception>
    public async Task<ModelVersion> RetireAsync(ModelName model, long version, string actor, CancellationToken cancellationToken)
    {
        CheckActor(actor);
        if (await _database.ChangeAsync((context, revision) => context.RetireAsync(model, version, Stamp(revision, actor), cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            _logger.Retired(model, version, actor);
        }

        return await GetAsync(model, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a retired version back into use. Whether its feature definitions are still those it was trained with is the caller's to ask first.</summary>
    /// <remarks>Restoring one that is in use changes nothing.</remarks>
    /// <param name="actor">Who asks, for the audit trail; 1 to 200 characters.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>, <see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.StoreUnavailable"/>.</exception>
    public async Task<ModelVersion> RestoreAsync(ModelName model, long version, string actor, CancellationToken cancellationToken)
    {
        CheckActor(actor);
        if (await _database.ChangeAsync((context, revision) => context.RestoreAsync(model, version, Stamp(revision, actor), cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            _logger.Restored(model, version, actor);
        }

        return await GetAsync(model, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a retired version for good: its manifest and its package on this machine. Its number is never used again, and whoever asks for it is told that it was deleted.</summary>
    /// <remarks>Its artifacts stay in the artifact store, where other versions and runs may have the same ones; <see cref="ArtifactCollector"/> removes those that nothing names. The same package can be registered again, as a new version.</remarks>
    /// <param name="actor">Who asks, for the audit trail; 1 to 200 characters.</param>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.Refused"/>: it is not retired; <see cref="RegistryError.NotFound"/>, <see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.StoreUnavailable"/>.
    /// </exception>
    public async Task DeleteAsync(ModelName model, long version, string actor, CancellationToken cancellationToken)
    {
        CheckActor(actor);
        var digest = await _database.ChangeAsync(
            (context, revision) => context.DeleteAsync(model, version, Stamp(revision, actor), cancellationToken), cancellationToken).ConfigureAwait(false);
        _logger.Deleted(model, version, digest, actor);
        await _packages.RemoveAsync(digest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Every feature service that a version in use reads: what a change of definitions must not break.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public Task<IReadOnlyList<PinnedFeatureService>> PinnedServicesAsync(CancellationToken cancellationToken) => ReadServicesAsync(areRetired: false, cancellationToken);

    /// <summary>Every feature service that a retired version was trained with: without it the version cannot be restored.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.StoreUnavailable"/>.</exception>
    public Task<IReadOnlyList<PinnedFeatureService>> RetiredServicesAsync(CancellationToken cancellationToken) => ReadServicesAsync(areRetired: true, cancellationToken);

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

    // The manifest names the others, so it comes last.
    private static IEnumerable<(string Path, string Digest)> FilesOf(ModelPackage package) =>
        package.Manifest.Files.Select(static file => (Path: file.Key, file.Value.Digest)).Append((ModelPackage.ManifestFile, package.Digest));

    // Returns the bytes of the manifest that was stored.
    private async Task<byte[]> StoreAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        foreach (var (path, digest) in FilesOf(package))
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
            async (context, revision) =>
            {
                await StoreCollectedAsync(package, cancellationToken).ConfigureAwait(false);
                return await context.AddVersionAsync(package, manifest, Stamp(revision, actor), cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        var model = new ModelName(row.Project, row.Name);
        _logger.Registered(model, row.Version, row.Digest, actor);
        return await GetAsync(model, row.Version, cancellationToken).ConfigureAwait(false);
    }

    // Nobody named the files until now, so a collection may have taken them since they were stored. From here on to the end of the change none can.
    private async Task StoreCollectedAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        foreach (var (path, digest) in FilesOf(package))
        {
            if (!await _artifacts.ExistsAsync(digest, cancellationToken).ConfigureAwait(false))
            {
                CheckUnchanged(path, await _artifacts.PutAsync(Path.Combine(package.Directory, path), cancellationToken).ConfigureAwait(false), digest);
            }
        }
    }

    private async Task<IReadOnlyList<PinnedFeatureService>> ReadServicesAsync(bool areRetired, CancellationToken cancellationToken)
    {
        var rows = await _database.ReadAsync(
            context => context.ReadSummariesAsync(context.Versions.Where(static row => row.ServiceName != null), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return
        [
            .. rows.Where(row => row.IsRetired == areRetired).Select(static row => new PinnedFeatureService(
                new FeatureServiceReference(row.ServiceProject!, row.ServiceName!, row.ServiceFingerprint!), row.Model, row.Version, row.Aliases)),
        ];
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

    private Task<RegistryException> ExplainMissingAsync(ModelName model, long version, CancellationToken cancellationToken) =>
        _database.ReadAsync(context => context.ExplainMissingAsync(model, version, cancellationToken), cancellationToken);

    private static CatalogVersion ToCatalog(RegistryQueries.VersionSummary row) => new(row.Version, row.Digest, RegistryTime.ToDateTimeOffset(row.CreatedTime));
}
