using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>The artifacts that versions name, in use or retired: manifests and their files.</summary>
/// <param name="Revision">Of the registry when they were read.</param>
/// <param name="Digests">Of them all.</param>
internal sealed record NamedArtifacts(long Revision, IReadOnlySet<string> Digests)
{
    internal static Task<NamedArtifacts> ReadAsync(RegistryDatabase database, CancellationToken cancellationToken) => database.ReadAsync(
        async context =>
        {
            // The revision first: what is changed between the two is read, and found to be newer.
            var revision = await context.State.Select(static row => row.Revision).SingleAsync(cancellationToken).ConfigureAwait(false);
            return await ReadAsync(context, revision, cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Does something while nothing can be registered, in any process.</summary>
    /// <param name="work">Takes the artifacts that versions name then; may run several times.</param>
    internal Task<T> ExcludeRegistrationsAsync<T>(RegistryDatabase database, Func<NamedArtifacts, Task<T>> work, CancellationToken cancellationToken) => database.ChangeAsync(
        async (context, next) => await work(Revision == next - 1 ? this : await ReadAsync(context, next - 1, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Packages of versions that were deleted and are not registered again: per digest the version.</summary>
    internal static Task<Dictionary<string, string>> ReadDeletedAsync(RegistryDatabase database, CancellationToken cancellationToken) => database.ReadAsync(
        async context => (await context.Deletions.AsNoTracking().Where(row => !context.Versions.Any(version => version.Digest == row.Digest))
                .OrderBy(static row => row.DeletedTime).ToListAsync(cancellationToken).ConfigureAwait(false))
            .GroupBy(static row => row.Digest, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => $"{new ModelName(group.Last().Project, group.Last().Name)} version {group.Last().Version}", StringComparer.Ordinal),
        cancellationToken);

    private static async Task<NamedArtifacts> ReadAsync(RegistryDbContext context, long revision, CancellationToken cancellationToken)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var version in context.Versions.AsNoTracking().Select(static row => new { row.Digest, row.Manifest }).AsAsyncEnumerable()
            .WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            digests.Add(version.Digest);
            digests.UnionWith(ModelPackageReader.ReadManifest(version.Manifest).Files.Values.Select(static file => file.Digest));
        }

        return new NamedArtifacts(revision, digests);
    }
}
