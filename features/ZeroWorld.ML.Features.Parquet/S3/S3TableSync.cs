using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Tables in a bucket: <c>offline/PROJECT/TABLE/*.parquet</c>, and <c>table.json</c>, which names the files that belong together (docs/formats/object-storage.md).</summary>
/// <remarks>
/// Thread safe. A table is replaced by one write of one small object, and appended to by one write of one file, so that nobody sees a half of it and writers who append at
/// the same time do not disturb each other.
/// </remarks>
internal sealed class S3TableSync(ObjectStore objects, ObjectFileCache cache, TimeProvider time)
{
    private const int Format = 1;

    // What imports appended to the content of one generation, and what streams appended to whatever content there is.
    private const string AppendFolder = "append/";
    private const string StreamFolder = "stream/";
    private const string NoManifest = "0";
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
                    await cache.LinkAsync(file, Path.Combine(folder, LocalNameOf(file)), cancellationToken).ConfigureAwait(false);
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

    /// <summary>Makes a local file one more of the table, which need not be there. It is one whole object, or nothing.</summary>
    /// <param name="file">Its name says when it came and is given to no other file.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the table was replaced again and again meanwhile; repeating is safe.</exception>
    public async Task AppendAsync(string project, string table, string file, CancellationToken cancellationToken)
    {
        var key = KeyOf(project, table);
        var name = Path.GetFileName(file);
        if (name.StartsWith(TableFolder.StreamPrefix, StringComparison.Ordinal))
        {
            await objects.PutFileAsync($"{key}{StreamFolder}{name}", file, tag: null, cancellationToken).ConfigureAwait(false);
            return;
        }

        var folder = AppendFolderOf(await FindManifestAsync(key, cancellationToken).ConfigureAwait(false));
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            await objects.PutFileAsync($"{key}{folder}{name}", file, tag: null, cancellationToken).ConfigureAwait(false);

            // An import that replaced the table meanwhile does not have the file: then it is appended to that one.
            var now = AppendFolderOf(await FindManifestAsync(key, cancellationToken).ConfigureAwait(false));
            if (now == folder)
            {
                return;
            }

            folder = now;
        }

        throw new FeatureException(
            FeatureError.StoreUnavailable, $"Table '{table}' was replaced {AttemptsMax} times while a file was appended to it; expected fewer imports at a time. Repeating is safe.");
    }

    /// <summary>Refuses to replace a table that holds events of a stream.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>.</exception>
    public async Task CheckReplaceableAsync(string project, string table, CancellationToken cancellationToken)
    {
        await foreach (var file in objects.ListAsync($"{KeyOf(project, table)}{StreamFolder}", cancellationToken).ConfigureAwait(false))
        {
            if (file.Key.EndsWith(".parquet", StringComparison.Ordinal))
            {
                throw TableFolder.StreamsWouldGo(table);
            }
        }
    }

    /// <summary>Makes the local table the one in the bucket. When this fails the old one is untouched. Events that a stream appends meanwhile are of the new one too.</summary>
    public async Task PublishAsync(string project, string table, TableFolder source, CancellationToken cancellationToken)
    {
        var key = KeyOf(project, table);
        await CheckReplaceableAsync(project, table, cancellationToken).ConfigureAwait(false);
        var generation = source.GenerationOf(project, table);
        var before = await FindManifestAsync(key, cancellationToken).ConfigureAwait(false);
        var files = new List<StoredObject>();
        foreach (var file in source.FilesOf(project, table))
        {
            // A name that no other import has: the files of the old table stay whole until the manifest no longer names them.
            var name = key + TableFolder.NameOf(TableFolder.PartPrefix, time.GetUtcNow(), $"{files.Count}_{generation}");
            await objects.PutFileAsync(name, file, tag: null, cancellationToken).ConfigureAwait(false);
            files.Add(new StoredObject(name, new FileInfo(file).Length, ""));
        }

        await objects.PutTextAsync(key + ManifestName, Write(generation, files, before), cancellationToken).ConfigureAwait(false);

        // Files of the table before the last: those of the last may still be being read.
        HashSet<string> kept = [.. files.Select(static file => file.Key), .. before?.Files.Select(name => key + name) ?? []];
        string[] folders = [key + StreamFolder, $"{key}{AppendFolder}{generation}/", key + AppendFolderOf(before)];
        await foreach (var old in objects.ListAsync(key, cancellationToken).ConfigureAwait(false))
        {
            if (old.Key.EndsWith(".parquet", StringComparison.Ordinal) && !kept.Contains(old.Key) && !Array.Exists(folders, folder => old.Key.StartsWith(folder, StringComparison.Ordinal)))
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
        var appendFolder = AppendFolderOf(manifest);
        var (files, appended) = (new List<StoredObject>(), new List<StoredObject>());
        await foreach (var file in objects.ListAsync(key, cancellationToken).ConfigureAwait(false))
        {
            var name = file.Key[key.Length..];
            if (!name.EndsWith(".parquet", StringComparison.Ordinal))
            {
                continue;
            }

            if (name.StartsWith(appendFolder, StringComparison.Ordinal) || name.StartsWith(StreamFolder, StringComparison.Ordinal))
            {
                appended.Add(file);
            }
            else if (!name.Contains('/', StringComparison.Ordinal) && manifest?.Files.Contains(name) != false)
            {
                // Other folders are no part of a table.
                files.Add(file);
            }
        }

        if (manifest is not null && files.Count < manifest.Files.Count)
        {
            throw new FeatureException(FeatureError.CorruptData, $"The table in '{key}' of the bucket lacks files that its {ManifestName} names: {string.Join(", ", manifest.Files.Except(files.Select(file => file.Key[key.Length..])))}. Import it again.");
        }

        // What is appended does not make another table of it.
        var generation = manifest?.Generation ?? (files.Count > 0 ? GenerationOf(files) : string.Empty);
        return ([.. files, .. appended], generation);
    }

    private static string AppendFolderOf(Manifest? manifest) => $"{AppendFolder}{manifest?.Generation ?? NoManifest}/";

    /// <summary>The name of the local copy: it says when the file came, which the time of the copy does not.</summary>
    private static string LocalNameOf(StoredObject file)
    {
        var name = file.Key[(file.Key.LastIndexOf('/') + 1)..];
        return TableFolder.IsTimed(name) || file.Modified is not { } modified
            ? name
            : TableFolder.NameOf(TableFolder.PartPrefix, modified, Path.GetFileNameWithoutExtension(name));
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

    public static string KeyOf(string project, string table) => $"offline/{project}/{table}/";

    private sealed record Manifest(int Format, string Generation, IReadOnlyList<string> Files, IReadOnlyList<string> Previous);
}
