using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>Removes from the artifact store what no version and no run names any more.</summary>
/// <remarks>
/// 1. Lists what is stored, then reads what is named: what is stored later is not looked at. 2. What is left is removed a few at a time, each time while nothing can be registered and no run can name an artifact,
/// and after a look whether something names it by now. 3. Who registers stores the files, and looks for them in the transaction that names them: what was collected between
/// the two is stored once more. So at every moment all that is named is there, whatever the clocks say; the grace only spares what is on its way from being stored twice.
/// Servers read packages that they have brought to their machine, and whoever reads a version of the registry reads named artifacts. Thread safe.
/// </remarks>
public sealed class ArtifactCollector(ModelRegistry registry, RunStore runs, IArtifactStore artifacts, TimeProvider timeProvider, ILogger<ArtifactCollector> logger)
{
    // What others wait for.
    private const int BatchMax = 64;
    private static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);

    /// <param name="progress">Receives how many are removed.</param>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.Refused"/>: the registry names nothing and has deleted nothing of what is stored, and the request does not say that this is right; <see cref="RegistryError.StoreUnavailable"/>, also when something was removed already.
    /// </exception>
    public async Task<ArtifactCollection> CollectAsync(ArtifactCollectionRequest request, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Grace, TimeSpan.Zero);
        var now = timeProvider.GetUtcNow();
        var stored = new Dictionary<string, StoredArtifact>(StringComparer.Ordinal);
        await foreach (var artifact in artifacts.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            stored[artifact.Digest] = artifact;
        }

        var versions = await NamedArtifacts.ReadAsync(registry.Database, cancellationToken).ConfigureAwait(false);
        var named = await runs.ListDigestsAsync(cancellationToken).ConfigureAwait(false);
        named.UnionWith(versions.Digests);
        if (named.Count == 0 && stored.Count > 0 && !request.MayTakeAll
            && !(await NamedArtifacts.ReadDeletedAsync(registry.Database, cancellationToken).ConfigureAwait(false)).Keys.Any(stored.ContainsKey))
        {
            throw new RegistryException(
                RegistryError.Refused,
                $"The registry names no artifact at all, and its store holds {stored.Count}: they may be another registry's. Check Registry:Postgres, S3:Bucket, S3:Prefix and the data directory; --all collects them.");
        }

        var left = stored.Values.Where(artifact => !named.Contains(artifact.Digest)).ToLookup(artifact => now - artifact.Stored < request.Grace);
        var collected = await DescribeAsync([.. left[false]], stored, cancellationToken).ConfigureAwait(false);
        if (!request.IsDryRun)
        {
            collected = await RemoveAsync(collected, versions, progress, cancellationToken).ConfigureAwait(false);
            logger.Collected(collected.Count, collected.Sum(static item => item.Artifact.Bytes));
        }

        return new ArtifactCollection
        {
            Collected = [.. collected.OrderByDescending(static item => item.Artifact.Bytes).ThenBy(static item => item.Artifact.Digest, StringComparer.Ordinal)],
            Named = Count(stored.Values.Where(artifact => named.Contains(artifact.Digest))),
            Young = Count(left[true]),
            Missing = await FindMissingAsync(named.Where(digest => !stored.ContainsKey(digest)), cancellationToken).ConfigureAwait(false),
        };
    }

    // What was stored and named since the list was made is there.
    private async Task<IReadOnlyList<string>> FindMissingAsync(IEnumerable<string> digests, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var digest in digests.Order(StringComparer.Ordinal))
        {
            if (!await artifacts.ExistsAsync(digest, cancellationToken).ConfigureAwait(false))
            {
                missing.Add(digest);
            }
        }

        return missing;
    }

    // The manifest of a deleted version is an artifact, and says what its files were. It goes after them: where this is broken off, the next one can still say it.
    private async Task<List<CollectedArtifact>> DescribeAsync(IReadOnlyList<StoredArtifact> left, Dictionary<string, StoredArtifact> stored, CancellationToken cancellationToken)
    {
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        var manifests = new HashSet<string>(StringComparer.Ordinal);
        if (left.Count > 0)
        {
            var folder = Directory.CreateTempSubdirectory("zeroworld-collect-");
            try
            {
                foreach (var (digest, version) in await NamedArtifacts.ReadDeletedAsync(registry.Database, cancellationToken).ConfigureAwait(false))
                {
                    if (stored.ContainsKey(digest) && await ReadManifestAsync(digest, Path.Combine(folder.FullName, "manifest.json"), cancellationToken).ConfigureAwait(false) is { } manifest)
                    {
                        manifests.Add(digest);
                        foreach (var (name, file) in manifest.Files.Select(static file => (file.Key, file.Value.Digest)).Append((ModelPackage.ManifestFile, digest)))
                        {
                            origins[file] = $"{version}: {name}";
                        }
                    }
                }
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        return [.. left.OrderBy(artifact => manifests.Contains(artifact.Digest)).Select(artifact => new CollectedArtifact(artifact, origins.GetValueOrDefault(artifact.Digest)))];
    }

    private async Task<ModelManifest?> ReadManifestAsync(string digest, string path, CancellationToken cancellationToken)
    {
        try
        {
            await artifacts.GetAsync(digest, path, cancellationToken).ConfigureAwait(false);
            return ModelPackageReader.ReadManifest(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
        }
        catch (RegistryException exception) when (exception.Error != RegistryError.StoreUnavailable)
        {
            // Damaged, or another collection was faster: its files go without a name.
            return null;
        }
    }

    private async Task<List<CollectedArtifact>> RemoveAsync(
        List<CollectedArtifact> wanted, NamedArtifacts versions, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var removed = new List<CollectedArtifact>(wanted.Count);
        for (var done = 0; done < wanted.Count;)
        {
            var batch = wanted.Skip(done).Take(BatchMax).ToList();
            (var seen, versions, var gone) = await versions.ExcludeRegistrationsAsync(
                registry.Database,
                current => runs.ExcludeArtifactsAsync(
                    [.. batch.Select(static item => item.Artifact.Digest)],
                    async named => await RemoveAsync(batch, current, named, cancellationToken).ConfigureAwait(false),
                    cancellationToken),
                cancellationToken).ConfigureAwait(false);
            done += seen;
            removed.AddRange(gone);
            progress?.Report(removed.Count);
        }

        return removed;
    }

    private async Task<(int Seen, NamedArtifacts Versions, List<CollectedArtifact> Removed)> RemoveAsync(
        List<CollectedArtifact> batch, NamedArtifacts versions, IReadOnlySet<string> named, CancellationToken cancellationToken)
    {
        var (started, seen, removed) = (timeProvider.GetTimestamp(), 0, new List<CollectedArtifact>());
        foreach (var item in batch.TakeWhile(_ => seen == 0 || timeProvider.GetElapsedTime(started) < BatchTime))
        {
            cancellationToken.ThrowIfCancellationRequested();
            seen++;
            if (!versions.Digests.Contains(item.Artifact.Digest) && !named.Contains(item.Artifact.Digest))
            {
                await artifacts.DeleteAsync(item.Artifact.Digest, cancellationToken).ConfigureAwait(false);
                removed.Add(item);
            }
        }

        return (seen, versions, removed);
    }

    private static ArtifactCount Count(IEnumerable<StoredArtifact> artifacts) =>
        artifacts.Aggregate(default(ArtifactCount), static (sum, artifact) => new ArtifactCount(sum.Count + 1, sum.Bytes + artifact.Bytes));
}
