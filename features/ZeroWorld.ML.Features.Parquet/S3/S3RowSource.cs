using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds rows in the files that <see cref="S3RowSink"/> sent to a bucket; the files are searched here, from a bounded cache.</summary>
public sealed class S3RowSource : IRowSource
{
    private readonly ObjectStore _objects;
    private readonly ObjectFileCache _cache;
    private readonly string _root;
    private readonly ParquetOfflineOptions _options;

    /// <param name="objects">The bucket; not disposed here.</param>
    /// <param name="cache">Its files on this machine; not disposed here.</param>
    /// <param name="root">As the sink's.</param>
    /// <param name="options">What the engine may use while it searches.</param>
    public S3RowSource(ObjectStore objects, ObjectFileCache cache, string root, ParquetOfflineOptions options)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(options);
        _objects = objects;
        _cache = cache;
        _root = root;
        _options = options;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken cancellationToken) => TranslateAsync<IReadOnlyList<string>>(async () =>
        [.. (await _objects.ListFoldersAsync($"{_root}/{folder}/", cancellationToken).ConfigureAwait(false)).Select(name => name[(_root.Length + 1)..])]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ParquetRow>> FindAsync(
        IReadOnlyList<string> folders, string column, string value, string orderBy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folders);
        return TranslateAsync(async () =>
        {
            using var work = SpillFolder.Create(_options.SpillParent);
            var local = Path.Combine(work.Path, "rows");
            var count = 0;
            foreach (var folder in folders)
            {
                await foreach (var file in _objects.ListAsync($"{_root}/{folder}/", cancellationToken).ConfigureAwait(false))
                {
                    if (file.Key.EndsWith(".parquet", StringComparison.Ordinal))
                    {
                        Directory.CreateDirectory(local);
                        await _cache.LinkAsync(file, Path.Combine(local, $"{count++}.parquet"), cancellationToken).ConfigureAwait(false);
                    }
                }
            }

            return await new ParquetRowSource(work.Path, _options).FindAsync(["rows"], column, value, orderBy, cancellationToken).ConfigureAwait(false);
        });
    }

    private static async Task<T> TranslateAsync<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation().ConfigureAwait(false);
        }
        catch (ObjectStoreException exception)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, exception.Message, exception);
        }
    }
}
