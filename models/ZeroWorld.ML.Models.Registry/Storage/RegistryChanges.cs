using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>The changes of the registry. Each runs inside a transaction that excludes every other one, and adds its own audit entry.</summary>
internal static class RegistryChanges
{
    internal const string Register = "register";
    internal const string SetAlias = "set_alias";
    internal const string RemoveAlias = "remove_alias";
    internal const string Retire = "retire";
    internal const string Restore = "restore";
    internal const string Delete = "delete";

    /// <summary>When and for whom a change is made.</summary>
    internal readonly record struct Stamp(long Revision, long Time, string Actor);

    /// <summary>Adds the package as the next version; the row that is there already when another call was faster.</summary>
    internal static async Task<VersionRow> AddVersionAsync(
        this RegistryDbContext context, ModelPackage package, byte[] manifestBytes, Stamp stamp, CancellationToken cancellationToken)
    {
        var existing = await context.Versions.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Digest == package.Digest, cancellationToken).ConfigureAwait(false);
        if (existing is not null)
        {
            return existing;
        }

        var (project, name, service) = (package.Manifest.Project, package.Manifest.Name, package.Manifest.FeatureService);

        // A number that a deleted version had is no other one's.
        var newest = await context.Versions.Where(row => row.Project == project && row.Name == name).Select(static row => row.Version)
            .Concat(context.Deletions.Where(row => row.Project == project && row.Name == name).Select(static row => row.Version))
            .MaxAsync(static version => (long?)version, cancellationToken).ConfigureAwait(false);
        var row = new VersionRow
        {
            Project = project,
            Name = name,
            Version = (newest ?? 0) + 1,
            Digest = package.Digest,
            Manifest = manifestBytes,
            CreatedTime = stamp.Time,
            ServiceProject = service?.Project,
            ServiceName = service?.Name,
            ServiceFingerprint = service?.Fingerprint,
        };
        context.Versions.Add(row);
        context.Audit.Add(Entry(stamp, Register, new ModelName(project, name), row.Version));
        return row;
    }

    /// <summary>Compares and sets.</summary>
    /// <param name="wanted">Where the alias shall point; its previous version is the expected one: 0 for none, <see langword="null"/> for any.</param>
    internal static async Task<ModelAlias> SetAliasAsync(
        this RegistryDbContext context, ModelAlias wanted, Stamp stamp, CancellationToken cancellationToken)
    {
        var (project, name) = (wanted.Model.Project, wanted.Model.Name);
        _ = await context.FindVersionAsync(wanted.Model, wanted.Version, cancellationToken).ConfigureAwait(false);
        if (await context.FindRetirementAsync(wanted.Model, wanted.Version, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new RegistryException(
                RegistryError.Refused, $"Version {wanted.Version} of the model {wanted.Model} is retired, so no alias can point at it; restore it first (zwml models restore {name} {wanted.Version}).");
        }

        var row = await context.Aliases
            .SingleOrDefaultAsync(row => row.Project == project && row.Name == name && row.Alias == wanted.Name, cancellationToken).ConfigureAwait(false);
        var previous = row?.Version;
        CheckExpected(wanted, previous);
        if (previous != wanted.Version)
        {
            Move(context, row, wanted, stamp);
        }

        return wanted with { PreviousVersion = previous };
    }

    /// <summary>Removes an alias that points where it is believed to.</summary>
    /// <param name="alias">Its previous version is the expected one: <see langword="null"/> for any.</param>
    /// <returns>Where it pointed.</returns>
    internal static async Task<long> RemoveAliasAsync(this RegistryDbContext context, ModelAlias alias, Stamp stamp, CancellationToken cancellationToken)
    {
        var (project, name) = (alias.Model.Project, alias.Model.Name);
        var row = await context.Aliases
            .SingleOrDefaultAsync(row => row.Project == project && row.Name == name && row.Alias == alias.Name, cancellationToken).ConfigureAwait(false)
            ?? throw new RegistryException(RegistryError.NotFound, $"There is no model {alias.Model} with an alias '{alias.Name}'.");
        CheckExpected(alias, row.Version);
        context.Aliases.Remove(row);
        context.Audit.Add(Entry(stamp, RemoveAlias, alias.Model, row.Version, alias.Name));
        return row.Version;
    }

    /// <returns>Whether it was in use until now.</returns>
    internal static async Task<bool> RetireAsync(this RegistryDbContext context, ModelName model, long version, Stamp stamp, CancellationToken cancellationToken)
    {
        _ = await context.FindVersionAsync(model, version, cancellationToken).ConfigureAwait(false);
        var aliases = await context.Aliases.Where(row => row.Project == model.Project && row.Name == model.Name && row.Version == version)
            .OrderBy(static row => row.Alias).Select(static row => row.Alias).ToListAsync(cancellationToken).ConfigureAwait(false);
        if (aliases.Count > 0)
        {
            throw new RegistryException(
                RegistryError.Refused,
                $"Version {version} of the model {model} is in use by {(aliases.Count == 1 ? "the alias" : "the aliases")} {string.Join(", ", aliases.Select(static alias => $"'{alias}'"))}; move or remove it first (zwml models alias {model.Name} {aliases[0]} VERSION, or --remove).");
        }

        if (await context.FindRetirementAsync(model, version, cancellationToken).ConfigureAwait(false) is not null)
        {
            return false;
        }

        context.Retirements.Add(new RetirementRow { Project = model.Project, Name = model.Name, Version = version, RetiredTime = stamp.Time });
        context.Audit.Add(Entry(stamp, Retire, model, version));
        return true;
    }

    /// <returns>Whether it was retired until now.</returns>
    internal static async Task<bool> RestoreAsync(this RegistryDbContext context, ModelName model, long version, Stamp stamp, CancellationToken cancellationToken)
    {
        _ = await context.FindVersionAsync(model, version, cancellationToken).ConfigureAwait(false);
        if (await context.FindRetirementAsync(model, version, cancellationToken).ConfigureAwait(false) is not { } retirement)
        {
            return false;
        }

        context.Retirements.Remove(retirement);
        context.Audit.Add(Entry(stamp, Restore, model, version));
        return true;
    }

    /// <summary>Leaves the number and the digest of a retired version, and nothing else.</summary>
    /// <returns>Its digest.</returns>
    internal static async Task<string> DeleteAsync(this RegistryDbContext context, ModelName model, long version, Stamp stamp, CancellationToken cancellationToken)
    {
        var row = await context.FindVersionAsync(model, version, cancellationToken).ConfigureAwait(false);
        var retirement = await context.FindRetirementAsync(model, version, cancellationToken).ConfigureAwait(false)
            ?? throw new RegistryException(
                RegistryError.Refused,
                $"Version {version} of the model {model} is in use: servers answer with it. Retire it first (zwml models retire {model.Name} {version}), which can be taken back; deleting cannot.");

        // The retirement names the version, so it goes first.
        context.Retirements.Remove(retirement);
        context.Versions.Remove(row);
        context.Deletions.Add(new DeletionRow { Project = model.Project, Name = model.Name, Version = version, Digest = row.Digest, DeletedTime = stamp.Time });
        context.Audit.Add(Entry(stamp, Delete, model, version));
        return row.Digest;
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>: it never was, or it was deleted; the message says which.</exception>
    internal static async Task<VersionRow> FindVersionAsync(this RegistryDbContext context, ModelName model, long version, CancellationToken cancellationToken) =>
        await context.Versions.SingleOrDefaultAsync(row => row.Project == model.Project && row.Name == model.Name && row.Version == version, cancellationToken).ConfigureAwait(false)
        ?? throw await context.ExplainMissingAsync(model, version, cancellationToken).ConfigureAwait(false);

    /// <summary>What to say where a version is not found.</summary>
    internal static async Task<RegistryException> ExplainMissingAsync(this RegistryDbContext context, ModelName model, long version, CancellationToken cancellationToken)
    {
        var deletion = await context.Deletions.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Project == model.Project && row.Name == model.Name && row.Version == version, cancellationToken).ConfigureAwait(false);
        return new RegistryException(
            RegistryError.NotFound,
            deletion is null
                ? $"There is no version {version} of the model {model}."
                : $"Version {version} of the model {model} was deleted at {RegistryTime.ToDateTimeOffset(deletion.DeletedTime):yyyy-MM-dd HH:mm:ss}Z.");
    }

    private static Task<RetirementRow?> FindRetirementAsync(this RegistryDbContext context, ModelName model, long version, CancellationToken cancellationToken) =>
        context.Retirements.SingleOrDefaultAsync(row => row.Project == model.Project && row.Name == model.Name && row.Version == version, cancellationToken);

    private static void CheckExpected(ModelAlias alias, long? found)
    {
        if (alias.PreviousVersion is { } expected && expected != (found ?? 0))
        {
            var state = found is null ? "does not exist" : $"points at version {found}";
            var believed = expected == 0 ? "it was expected not to exist" : $"version {expected} was expected";
            throw new RegistryException(
                RegistryError.Conflict, $"The alias '{alias.Name}' of {alias.Model} {state}; {believed}. Read it again before moving it.");
        }
    }

    private static AuditRow Entry(Stamp stamp, string action, ModelName model, long version, string? alias = null, long? previous = null) => new()
    {
        Revision = stamp.Revision,
        Time = stamp.Time,
        Actor = stamp.Actor,
        Action = action,
        Project = model.Project,
        Name = model.Name,
        Version = version,
        Alias = alias,
        PreviousVersion = previous,
    };

    private static void Move(RegistryDbContext context, AliasRow? row, ModelAlias wanted, Stamp stamp)
    {
        var (project, name, previous) = (wanted.Model.Project, wanted.Model.Name, row?.Version);
        if (row is null)
        {
            context.Aliases.Add(new AliasRow { Project = project, Name = name, Alias = wanted.Name, Version = wanted.Version, UpdatedTime = stamp.Time });
        }
        else
        {
            (row.Version, row.UpdatedTime) = (wanted.Version, stamp.Time);
        }

        context.Audit.Add(Entry(stamp, SetAlias, wanted.Model, wanted.Version, wanted.Name, previous));
    }
}
