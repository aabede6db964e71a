using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Redacts rows in the files that <see cref="S3RowSink"/> sent to a bucket.</summary>
/// <remarks>Thread safe, for several erasers at a time too.</remarks>
public sealed class S3RowEraser : IRowEraser
{
    private const string WorkFolder = "rows";

    private readonly S3FileRewriter _files;
    private readonly string _root;
    private readonly ParquetOfflineOptions _options;

    /// <param name="objects">The bucket; not disposed here.</param>
    /// <param name="cache">Its files on this machine; not disposed here.</param>
    /// <param name="root">As the sink's.</param>
    /// <param name="options">What the engine may use.</param>
    public S3RowEraser(ObjectStore objects, ObjectFileCache cache, string root, ParquetOfflineOptions options)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentException.ThrowIfNullOrEmpty(root);
        ArgumentNullException.ThrowIfNull(options);
        _files = new S3FileRewriter(objects, cache);
        _root = root;
        _options = options;
    }

    /// <inheritdoc/>
    public async Task<(long Rows, long Files)> EraseAsync(
        string folder, string column, Func<string, bool> isErased, IReadOnlyList<string> cleared, (string Column, string Text) mark, CancellationToken cancellationToken)
    {
        using var work = SpillFolder.Create(_options.SpillParent);
        var local = new ParquetRowEraser(work.Path, _options);
        Directory.CreateDirectory(Path.Combine(work.Path, WorkFolder));
        try
        {
            return await _files.RunAsync(
                $"{_root}/{folder}/",
                Path.Combine(work.Path, WorkFolder, "file.parquet"),
                async () => (await local.EraseAsync(WorkFolder, column, isErased, cleared, mark, cancellationToken).ConfigureAwait(false)).Rows,
                cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException exception)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, exception.Message, exception);
        }
    }
}
