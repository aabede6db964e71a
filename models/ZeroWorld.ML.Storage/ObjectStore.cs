using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace ZeroWorld.ML.Storage;

/// <summary>Files in a bucket of S3 or of a server that speaks it.</summary>
/// <remarks>
/// An object appears whole or not at all, and what is interrupted leaves nothing that is seen. Requests that fail for a passing reason are sent again.
/// Keys are relative to the prefix of the options. Thread safe.
/// </remarks>
public sealed class ObjectStore : IDisposable
{
    private const int BufferBytes = 1 << 17;
    private const int RetryDoublingsMax = 6;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);

    private readonly AmazonS3Client _client;
    private readonly WholeAnswers _answers;
    private readonly S3Failure _failure;
    private readonly ObjectUploads _uploads;
    private readonly S3Options _options;
    private readonly string _prefix;
    private readonly TimeProvider _time;

    /// <exception cref="ValidationException">An option is out of its range, or no bucket is named.</exception>
    /// <exception cref="ObjectStoreException"><see cref="ObjectStoreError.InvalidInput"/>: the file of the secret cannot be read.</exception>
    public ObjectStore(S3Options options)
        : this(options, TimeProvider.System)
    {
    }

    /// <inheritdoc cref="ObjectStore(S3Options)"/>
    /// <param name="options">The bucket.</param>
    /// <param name="time">Tells the age of uploads that nobody ended, and makes the pauses between attempts.</param>
    internal ObjectStore(S3Options options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (!options.IsUsed)
        {
            throw new ValidationException("No bucket is named; expected S3:Bucket.");
        }

        _options = options;
        _time = time;
        _prefix = options.Prefix.Length == 0 || options.Prefix.EndsWith('/') ? options.Prefix : options.Prefix + "/";
        Place = string.IsNullOrEmpty(options.Endpoint) ? $"S3 in {options.Region}" : options.Endpoint;
        _failure = new S3Failure(Place, options.Bucket!, options.RetriesMax, options.RequestTimeout);
        _answers = new WholeAnswers(options.RequestTimeout);
        _client = CreateClient(options, _answers);
        _uploads = new ObjectUploads(_client, options, new AbandonedUploads(_client, options.Bucket!, time));
    }

    /// <summary>Where it is, for messages.</summary>
    public string Place { get; }

    /// <summary>Writes a file as an object, replacing what was there; in parts where it is large. When this fails the old object is untouched.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="path">The file; it must not change meanwhile.</param>
    /// <param name="tag">A text that is kept with it, or <see langword="null"/>; see <see cref="ReadTagAsync"/>.</param>
    /// <exception cref="ObjectStoreException">Of any kind but not found.</exception>
    public Task PutFileAsync(string key, string path, string? tag, CancellationToken cancellationToken) => PutAsync(key, path, tag, null, cancellationToken);

    /// <summary>Writes a file in the place of one version of an object; in parts where it is large. Its tag does not stay.</summary>
    /// <param name="version">What is replaced.</param>
    /// <param name="path">The file; it must not change meanwhile.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="ObjectStoreException">Of any kind; <see cref="ObjectStoreError.Changed"/> or <see cref="ObjectStoreError.NotFound"/>: the object is another one by now, or gone, and stays as it is.</exception>
    public async Task<StoredObject> ReplaceFileAsync(StoredObject version, string path, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(version);
        var eTag = await PutAsync(version.Key, path, null, version.ETag, cancellationToken).ConfigureAwait(false);
        return new StoredObject(version.Key, new FileInfo(path).Length, eTag);
    }

    /// <summary>Writes a short text.</summary>
    /// <inheritdoc cref="PutFileAsync"/>
    public Task PutTextAsync(string key, string text, CancellationToken cancellationToken) => TranslateAsync($"write '{key}' to", async () =>
    {
        var request = new PutObjectRequest { BucketName = _options.Bucket, Key = _prefix + key, ContentBody = text, UseChunkEncoding = false };
        await _client.PutObjectAsync(request, cancellationToken).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <summary>Reads a short text.</summary>
    /// <returns><see langword="null"/>: there is none.</returns>
    /// <exception cref="ObjectStoreException">Of any kind but not found.</exception>
    public async Task<string?> FindTextAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await TranslateAsync($"read '{key}' from", async () =>
            {
                using var text = new MemoryStream();
                await DownloadAsync(key, null, text, cancellationToken).ConfigureAwait(false);
                text.Position = 0;
                using var reader = new StreamReader(text);
                return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException exception) when (exception.Error == ObjectStoreError.NotFound)
        {
            return null;
        }
    }

    /// <summary>Writes the bytes of an object to a new local file; it is there whole or not at all.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="eTag">The version that is wanted; <see langword="null"/>: the one there is.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ObjectStoreException">Of any kind.</exception>
    public Task GetFileAsync(string key, string? eTag, string path, CancellationToken cancellationToken) => TranslateAsync($"read '{key}' from", async () =>
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
            await using (file.ConfigureAwait(false))
            {
                await DownloadAsync(key, eTag, file, cancellationToken).ConfigureAwait(false);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return true;
    }, cancellationToken);

    /// <summary>The text that was kept with an object.</summary>
    /// <returns><see langword="null"/>: there is no such object, or it has none.</returns>
    /// <exception cref="ObjectStoreException">Of any kind but not found.</exception>
    public async Task<string?> ReadTagAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await TranslateAsync(
                $"look at '{key}' in",
                async () => (await _client.GetObjectMetadataAsync(_options.Bucket, _prefix + key, cancellationToken).ConfigureAwait(false)).Metadata[ObjectUploads.TagName],
                cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException exception) when (exception.Error == ObjectStoreError.NotFound)
        {
            return null;
        }
    }

    /// <summary>The objects whose names begin with a text, in the order of their names; asked for page by page.</summary>
    /// <exception cref="ObjectStoreException">Of any kind but not found.</exception>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in ReadPagesAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new StoredObject(item.Key[_prefix.Length..], item.Size ?? 0, item.ETag)
                {
                    Modified = item.LastModified is { } modified ? new DateTimeOffset(modified.ToUniversalTime()) : null,
                };
            }
        }
    }

    /// <summary>The names of the folders directly below a folder, with its own name before them and without '/' at the end.</summary>
    /// <param name="folder">With '/' at the end, or empty.</param>
    /// <exception cref="ObjectStoreException">Of any kind but not found.</exception>
    public async Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken cancellationToken)
    {
        var folders = new List<string>();
        await foreach (var page in ReadPagesAsync(folder, "/", cancellationToken).ConfigureAwait(false))
        {
            folders.AddRange((page.CommonPrefixes ?? []).Select(common => common[_prefix.Length..].TrimEnd('/')));
        }

        return folders;
    }

    /// <summary>Deletes an object; one that is not there is no error.</summary>
    /// <exception cref="ObjectStoreException">Of any kind but not found.</exception>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) => TranslateAsync($"delete '{key}' from", async () =>
    {
        await _client.DeleteObjectAsync(_options.Bucket, _prefix + key, cancellationToken).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _answers.Dispose();
    }

    private async Task DownloadAsync(string key, string? eTag, Stream target, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = _prefix + key, EtagToMatch = eTag };
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var answer = await _client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
                await CopyAsync(answer, target, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (BrokenAnswerException) when (attempt < _options.RetriesMax)
            {
                // The connection broke in the middle, of which the client knows nothing: from the start again, whatever came.
                target.SetLength(0);
            }

            await Task.Delay(RetryPause * (1 << Math.Min(attempt, RetryDoublingsMax)), _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CopyAsync(GetObjectResponse answer, Stream target, CancellationToken cancellationToken)
    {
        // The bound is for silence, not for the whole: a large file may take long.
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var buffer = new byte[BufferBytes];
        while (true)
        {
            timeout.CancelAfter(_options.RequestTimeout);
            var read = await ReadAsync(answer.ResponseStream, buffer, timeout.Token, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }

        if (target.Length != answer.ContentLength)
        {
            throw new BrokenAnswerException($"it ended after {target.Length} of {answer.ContentLength} bytes", null);
        }
    }

    private async ValueTask<int> ReadAsync(Stream answer, byte[] buffer, CancellationToken timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.ReadAsync(buffer, timeout).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BrokenAnswerException($"it was silent for {_options.RequestTimeout.TotalSeconds:0.#} s", exception);
        }
        catch (Exception exception) when (S3Failure.IsBrokenStream(exception))
        {
            throw new BrokenAnswerException(exception.Message, exception);
        }
    }

    /// <param name="replaced">ETag of what may be replaced; <see langword="null"/>: whatever is there, or nothing.</param>
    private Task<string> PutAsync(string key, string path, string? tag, string? replaced, CancellationToken cancellationToken) =>
        TranslateAsync($"write '{key}' to", () => _uploads.PutAsync(_prefix + key, FolderOf(key), path, tag, replaced, cancellationToken), cancellationToken);

    // An upload that nobody ended is looked for below the folder that is written to.
    private string FolderOf(string key) => _prefix + key[..(key.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? slash + 1 : key.Length)];

    private async IAsyncEnumerable<ListObjectsV2Response> ReadPagesAsync(string prefix, string? delimiter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request
            {
                BucketName = _options.Bucket, Prefix = _prefix + prefix, Delimiter = delimiter, ContinuationToken = next, MaxKeys = _options.ListPageSize,
            };
            var page = await TranslateAsync($"list '{prefix}' in", () => _client.ListObjectsV2Async(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            yield return page;
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    private async Task<T> TranslateAsync<T>(string what, Func<Task<T>> operation, CancellationToken cancellationToken)
    {
        try
        {
            return await operation().ConfigureAwait(false);
        }
        catch (BrokenAnswerException exception)
        {
            throw _failure.TranslateBroken(exception, what);
        }
        catch (Exception exception) when (S3Failure.IsKnown(exception, cancellationToken))
        {
            throw _failure.Translate(exception, what);
        }
    }

    private static AmazonS3Client CreateClient(S3Options options, WholeAnswers answers)
    {
        var config = new AmazonS3Config
        {
            MaxErrorRetry = options.RetriesMax,
            RetryMode = RequestRetryMode.Standard,
            Timeout = options.RequestTimeout,
            HttpClientFactory = answers,

            // Servers that speak S3 do not all know the newer checksums; each body is signed with its SHA-256 or sent over TLS.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (string.IsNullOrEmpty(options.Endpoint))
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }
        else
        {
            config.ServiceURL = options.Endpoint;
            config.AuthenticationRegion = options.Region;
            config.ForcePathStyle = true;
        }

        if (string.IsNullOrEmpty(options.AccessKey))
        {
            return new AmazonS3Client(config);
        }

        try
        {
            return new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, File.ReadLines(options.SecretKeyFile!).FirstOrDefault() ?? ""), config);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ObjectStoreException(ObjectStoreError.InvalidInput, $"The secret in S3:SecretKeyFile cannot be used: {exception.Message}", exception);
        }
    }
}
