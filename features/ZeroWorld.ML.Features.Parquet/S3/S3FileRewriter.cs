using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Changes Parquet files of a bucket in their places: each is brought here, changed, and takes its own name again, so that readers see the old or the new one.</summary>
/// <remarks>A file that somebody else writes meanwhile is not overwritten but looked at anew. Thread safe.</remarks>
internal sealed class S3FileRewriter(ObjectStore objects, ObjectFileCache cache)
{
    private const int PassesMax = 8;

    /// <param name="prefix">What the names of the files begin with.</param>
    /// <param name="path">Where each file lies while it is changed, one after the other; its folder is there.</param>
    /// <param name="changeAsync">Changes the file at <paramref name="path"/>, by putting another file in its place, and says how many of its rows; none: it stays as it is.</param>
    /// <returns>Rows changed and files written anew.</returns>
    /// <exception cref="ObjectStoreException">Of any kind but changed and not found. What was done before stays done, and so it is of every other failure.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the files change again and again. What <paramref name="changeAsync"/> throws of invalid input, with the name of the file.</exception>
    public async Task<(long Rows, long Files)> RunAsync(string prefix, string path, Func<Task<long>> changeAsync, CancellationToken cancellationToken)
    {
        var seen = new HashSet<(string Key, string ETag)>();
        var (rows, files) = (0L, 0L);
        for (var pass = 0; pass < PassesMax; pass++)
        {
            var isQuiet = true;
            await foreach (var file in objects.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            {
                if (!file.Key.EndsWith(".parquet", StringComparison.Ordinal) || !seen.Add((file.Key, file.ETag)))
                {
                    continue;
                }

                isQuiet = false;
                try
                {
                    await cache.LinkAsync(file, path, cancellationToken).ConfigureAwait(false);
                    if (await changeAsync().ConfigureAwait(false) is > 0 and var changed)
                    {
                        var written = await objects.ReplaceFileAsync(file, path, cancellationToken).ConfigureAwait(false);
                        seen.Add((written.Key, written.ETag));
                        (rows, files) = (rows + changed, files + 1);
                        await cache.ForgetAsync(file, cancellationToken).ConfigureAwait(false);
                    }
                }
                catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
                {
                    throw new FeatureException(FeatureError.InvalidInput, $"'{file.Key}' of the bucket cannot be changed: {exception.Message}", exception);
                }
                catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.Changed or ObjectStoreError.NotFound)
                {
                    // Written anew or deleted meanwhile: the next pass sees what is there then. What must not stay is not kept here either.
                    await cache.ForgetAsync(file, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    File.Delete(path);
                }
            }

            if (isQuiet)
            {
                return (rows, files);
            }
        }

        throw new FeatureException(FeatureError.StoreUnavailable, $"Files in '{prefix}' of the bucket are written again and again; expected some quiet to change them. Repeat it.");
    }
}
