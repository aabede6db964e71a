using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>The changes of the registry. Each runs inside a transaction that excludes every other one, and adds its own audit entry.</summary>
internal static class RegistryChanges
{
    internal const string Register = "register";
    internal const string SetAlias = "set_alias";

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
        var newest = await context.Versions.Where(row => row.Project == project && row.Name == name)
            .MaxAsync(static row => (long?)row.Version, cancellationToken).ConfigureAwait(false);
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
        context.Audit.Add(new AuditRow
        {
            Revision = stamp.Revision,
            Time = stamp.Time,
            Actor = stamp.Actor,
            Action = Register,
            Project = project,
            Name = name,
            Version = row.Version,
        });
        return row;
    }

    /// <summary>Compares and sets.</summary>
    /// <param name="wanted">Where the alias shall point; its previous version is the expected one: 0 for none, <see langword="null"/> for any.</param>
    internal static async Task<ModelAlias> SetAliasAsync(
        this RegistryDbContext context, ModelAlias wanted, Stamp stamp, CancellationToken cancellationToken)
    {
        var (project, name) = (wanted.Model.Project, wanted.Model.Name);
        var isThere = await context.Versions
            .AnyAsync(row => row.Project == project && row.Name == name && row.Version == wanted.Version, cancellationToken).ConfigureAwait(false);
        if (!isThere)
        {
            throw new RegistryException(RegistryError.NotFound, $"There is no version {wanted.Version} of the model {wanted.Model}.");
        }

        var row = await context.Aliases
            .SingleOrDefaultAsync(row => row.Project == project && row.Name == name && row.Alias == wanted.Name, cancellationToken).ConfigureAwait(false);
        var previous = row?.Version;
        if (wanted.PreviousVersion is { } expected && expected != (previous ?? 0))
        {
            var found = previous is null ? "does not exist" : $"points at version {previous}";
            var believed = expected == 0 ? "it was expected not to exist" : $"version {expected} was expected";
            throw new RegistryException(
                RegistryError.Conflict, $"The alias '{wanted.Name}' of {wanted.Model} {found}; {believed}. Read it again before moving it.");
        }

        if (previous != wanted.Version)
        {
            Move(context, row, wanted, stamp);
        }

        return wanted with { PreviousVersion = previous };
    }

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

        context.Audit.Add(new AuditRow
        {
            Revision = stamp.Revision,
            Time = stamp.Time,
            Actor = stamp.Actor,
            Action = SetAlias,
            Project = project,
            Name = name,
            Version = wanted.Version,
            Alias = wanted.Name,
            PreviousVersion = previous,
        });
    }
}
