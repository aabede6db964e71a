using System.Text;
using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>Versions with their aliases. Each is one statement, and so one consistent snapshot in every database.</summary>
internal static class RegistryQueries
{
    internal static async Task<List<ModelVersion>> ReadVersionsAsync(
        this RegistryDbContext context, IQueryable<VersionRow> versions, CancellationToken cancellationToken)
    {
        var rows = await versions.AsNoTracking()
            .OrderBy(static version => version.Project).ThenBy(static version => version.Name).ThenBy(static version => version.Version)
            .Select(version => new
            {
                Version = version,
                Aliases = context.Aliases
                    .Where(alias => alias.Project == version.Project && alias.Name == version.Name && alias.Version == version.Version)
                    .OrderBy(static alias => alias.Alias).Select(static alias => alias.Alias).ToList(),
                RetiredTime = context.Retirements
                    .Where(retired => retired.Project == version.Project && retired.Name == version.Name && retired.Version == version.Version)
                    .Select(static retired => (long?)retired.RetiredTime).FirstOrDefault(),
            })
            .AsSingleQuery().ToListAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. rows.Select(static row => new ModelVersion(
                new ModelName(row.Version.Project, row.Version.Name),
                row.Version.Version,
                row.Version.Digest,
                RegistryTime.ToDateTimeOffset(row.Version.CreatedTime),
                Encoding.UTF8.GetString(row.Version.Manifest),
                row.Aliases)
            {
                RetiredTime = row.RetiredTime is { } time ? RegistryTime.ToDateTimeOffset(time) : null,
            }),
        ];
    }

    /// <summary>The same without the manifests, for what is read often.</summary>
    internal static Task<List<VersionSummary>> ReadSummariesAsync(
        this RegistryDbContext context, IQueryable<VersionRow> versions, CancellationToken cancellationToken) =>
        versions.AsNoTracking()
            .OrderBy(static version => version.Project).ThenBy(static version => version.Name).ThenBy(static version => version.Version)
            .Select(version => new VersionSummary(
                version.Project,
                version.Name,
                version.Version,
                version.Digest,
                version.CreatedTime,
                version.ServiceProject,
                version.ServiceName,
                version.ServiceFingerprint,
                context.Aliases
                    .Where(alias => alias.Project == version.Project && alias.Name == version.Name && alias.Version == version.Version)
                    .OrderBy(static alias => alias.Alias).Select(static alias => alias.Alias).ToList(),
                context.Retirements.Any(retired => retired.Project == version.Project && retired.Name == version.Name && retired.Version == version.Version)))
            .AsSingleQuery().ToListAsync(cancellationToken);

    internal sealed record VersionSummary(
        string Project,
        string Name,
        long Version,
        string Digest,
        long CreatedTime,
        string? ServiceProject,
        string? ServiceName,
        string? ServiceFingerprint,
        List<string> Aliases,
        bool IsRetired)
    {
        internal ModelName Model => new(Project, Name);
    }
}
