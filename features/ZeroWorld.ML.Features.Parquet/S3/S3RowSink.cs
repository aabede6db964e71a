using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Files of rows in a bucket of S3: each is written here first, whole, and then sent.</summary>
/// <remarks>A file that cannot be sent fails the write, and a repeated one replaces it. Blocks the caller's thread while it writes. Not thread safe: one writer loop owns a sink.</remarks>
public sealed class S3RowSink : IRowSink
{
    private readonly ObjectStore _objects;
    private readonly string _root;
    private readonly string _folder;
    private readonly ParquetRowSink _local;

    /// <param name="objects">The bucket; not disposed here.</param>
    /// <param name="root">Folder in the bucket that all paths are relative to: <c>prediction-log</c>.</param>
    /// <param name="stagingFolder">Local folder for files on their way.</param>
    public S3RowSink(ObjectStore objects, string root, string stagingFolder)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentException.ThrowIfNullOrEmpty(root);
        _objects = objects;
        _root = root;
        _folder = Path.GetFullPath(stagingFolder);
        _local = new ParquetRowSink(_folder);
    }

    /// <inheritdoc/>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the bucket did not take it; it holds nothing of this file.</exception>
    public async Task WriteFileAsync(string path, IReadOnlyList<SinkColumn> columns, CancellationToken cancellationToken)
    {
        await _local.WriteFileAsync(path, columns, cancellationToken).ConfigureAwait(false);
        var file = Path.Combine(_folder, path);
        try
        {
            await _objects.PutFileAsync($"{_root}/{path}", file, tag: null, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException exception)
        {
            throw new FeatureException(FeatureError.StoreUnavailable, exception.Message, exception);
        }
        finally
        {
            // The rows are the caller's until they are in the bucket.
            File.Delete(file);
        }
    }
}
