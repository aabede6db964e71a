using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Tables in a bucket: <c>offline/PROJECT/TABLE/*.parquet</c>, and <c>table.json</c>, which names the files that belong together (docs/formats/object-storage.md).</summary>
/// <remarks>Thread safe. A table is replaced by one write of one small object, so that nobody sees a half of it.</remarks>
internal sealed class S3TableSync(ObjectStore objects, ObjectFileCache cache)
{
    private const int Format = 1;
    private const string ManifestName = "table.json";
    private const int AttemptsMax = 3;

    /// <summary>Brings a table into a folder as <see cref="TableFolder"/> reads it.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: the manifest is not one.</exception>
    public async Task<bool> BringAsync(string project, string table, TableFolder target, CancellationToken cancellationToken)
    {
        var folder = target.PathOf(project, table);
        for (var attempt = 1; ; attempt++)
        {
            var (files, generation) = await FindAsync(KeyOf(project, table), cancellationToken).ConfigureAwait(false);
            if (files.Count == 0)
            {
                return false;
            }

            Directory.CreateDirectory(folder);
            try
            {
                foreach (var file in files)
                {
                    await cache.LinkAsync(file, Path.Combine(folder, file.Key[(file.Key.LastIndexOf('/') + 1)..]), cancellationToken).ConfigureAwait(false);
                }

                await File.WriteAllTextAsync(Path.Combine(folder, TableFolder.GenerationFile), generation, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (ObjectStoreException exception) when (attempt < AttemptsMax && exception.Error is ObjectStoreError.NotFound or ObjectStoreError.Changed)
            {
                // The table was replaced while it was read: its new files, from the start.
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>Makes the local table the one in the bucket. When this fails the old one is untouched.</summary>
    public async Task PublishAsync(string project, string table, TableFolder source, CancellationToken cancellationToken)
    {
        var key = KeyOf(project, table);
        var generation = source.GenerationOf(project, table);
        var before = await FindManifestAsync(key, cancellationToken).ConfigureAwait(false);
        var files = new List<StoredObject>();
        foreach (var file in source.FilesOf(project, table))
        {
            // A name that no other import has: the files of the old table stay whole until the manifest no longer names them.
            var name = $"{key}{Path.GetFileNameWithoutExtension(file)}-{generation}.parquet";
            await objects.PutFileAsync(name, file, tag: null, cancellationToken).ConfigureAwait(false);
            files.Add(new StoredObject(name, new FileInfo(file).Length, ""));
        }

        await objects.PutTextAsync(key + ManifestName, Write(generation, files, before), cancellationToken).ConfigureAwait(false);

        // Files of the table before the last: those of the last may still be being read.
        HashSet<string> kept = [.. files.Select(static file => file.Key), .. before?.Files.Select(name => key + name) ?? []];
        await foreach (var old in objects.ListAsync(key, cancellationToken).ConfigureAwait(false))
        {
            if (old.Key.EndsWith(".parquet", StringComparison.Ordinal) && !kept.Contains(old.Key))
            {
                await objects.DeleteAsync(old.Key, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Names of the tables of a project.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string project, CancellationToken cancellationToken)
    {
        var folders = await objects.ListFoldersAsync($"offline/{project}/", cancellationToken).ConfigureAwait(false);
        return [.. folders.Select(static folder => folder[(folder.LastIndexOf('/') + 1)..]).Order(StringComparer.Ordinal)];
    }

    private async Task<(List<StoredObject> Files, string Generation)> FindAsync(string key, CancellationToken cancellationToken)
    {
        var manifest = await FindManifestAsync(key, cancellationToken).ConfigureAwait(false);
        var files = new List<StoredObject>();
        await foreach (var file in objects.ListAsync(key, cancellationToken).ConfigureAwait(false))
        {
            // Deeper folders are no part of a table.
            var name = file.Key[key.Length..];
            if (name.EndsWith(".parquet", StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal) && manifest?.Files.Contains(name) != false)
            {
                files.Add(file);
            }
        }

        if (manifest is not null && files.Count < manifest.Files.Count)
        {
            throw new FeatureException(FeatureError.CorruptData, $"The table in '{key}' of the bucket lacks files that its {ManifestName} names: {string.Join(", ", manifest.Files.Except(files.Select(file => file.Key[key.Length..])))}. Import it again.");
        }

        return (files, manifest?.Generation ?? GenerationOf(files));
    }

    private async Task<Manifest?> FindManifestAsync(string key, CancellationToken cancellationToken)
    {
        if (await objects.FindTextAsync(key + ManifestName, cancellationToken).ConfigureAwait(false) is not { } text)
        {
            return null;
        }

        try
        {
            var manifest = JsonSerializer.Deserialize<Manifest>(text, JsonSerializerOptions.Web);
            return manifest is { Format: Format, Generation.Length: > 0, Files.Count: > 0 }
                ? manifest
                : throw new FeatureException(FeatureError.CorruptData, $"'{key}{ManifestName}' in the bucket has format {manifest?.Format}; this build reads format {Format} with a generation and files.");
        }
        catch (JsonException exception)
        {
            throw new FeatureException(FeatureError.CorruptData, $"'{key}{ManifestName}' in the bucket is no manifest of a table: {exception.Message}", exception);
        }
    }

    private static string Write(string generation, List<StoredObject> files, Manifest? before) => JsonSerializer.Serialize(
        new Manifest(Format, generation, [.. files.Select(static file => file.Key[(file.Key.LastIndexOf('/') + 1)..])], before?.Files ?? []), JsonSerializerOptions.Web);

    // Files that other tools put there have no import: what they are is what they hold.
    private static string GenerationOf(List<StoredObject> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files.Select(static file => $"{file.Key} {file.ETag}")))))[..32];

    private static string KeyOf(string project, string table) => $"offline/{project}/{table}/";

    private sealed record Manifest(int Format, string Generation, IReadOnlyList<string> Files, IReadOnlyList<string> Previous);
}
