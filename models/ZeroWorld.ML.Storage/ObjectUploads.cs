using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace ZeroWorld.ML.Storage;

/// <summary>Writes files as objects, in one request or in parts; what fails leaves the old object and no parts.</summary>
/// <remarks>What the client throws passes through. Thread safe.</remarks>
internal sealed class ObjectUploads(IAmazonS3 client, S3Options options, AbandonedUploads abandoned)
{
    public const string TagName = "x-amz-meta-tag";

    private const int PartsMax = 10_000;
    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    /// <param name="key">The whole name.</param>
    /// <param name="folder">What the names of the uploads begin with that are given up where nobody ended them.</param>
    /// <param name="path">The file; it must not change meanwhile.</param>
    /// <param name="tag">Kept with it; or <see langword="null"/>.</param>
    /// <param name="replaced">ETag of what may be replaced; <see langword="null"/>: whatever is there, or nothing.</param>
    /// <returns>The ETag of what is there now.</returns>
    public async Task<string> PutAsync(string key, string folder, string path, string? tag, string? replaced, CancellationToken cancellationToken)
    {
        var length = new FileInfo(path).Length;
        var partBytes = Math.Max((long)options.PartMebibytes << 20, (length + PartsMax - 1) / PartsMax);
        if (length > partBytes)
        {
            await abandoned.EndAsync(folder, cancellationToken).ConfigureAwait(false);
            return await PutPartsAsync(key, path, partBytes, tag, replaced, cancellationToken).ConfigureAwait(false);
        }

        var request = new PutObjectRequest { BucketName = options.Bucket, Key = key, FilePath = path, UseChunkEncoding = false, IfMatch = replaced };
        AddTag(request.Metadata, tag);
        return await UnlessAnswerWasLostAsync(
            async () => (await client.PutObjectAsync(request, cancellationToken).ConfigureAwait(false)).ETag, key, () => ETagOf(path), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A write that was done and whose answer was lost is refused when the client sends it again: the version that it was to replace, or its upload, is gone. What is there tells.</summary>
    private async Task<string> UnlessAnswerWasLostAsync(Func<Task<string>> write, string key, Func<string> eTagOf, CancellationToken cancellationToken)
    {
        try
        {
            return await write().ConfigureAwait(false);
        }
        catch (AmazonServiceException exception) when (exception.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound && exception.ErrorCode != "NoSuchBucket")
        {
            var written = eTagOf();
            if (await FindETagAsync(key, cancellationToken).ConfigureAwait(false) is { } there && there.Trim('"') == written)
            {
                return there;
            }

            throw;
        }
    }

    private async Task<string?> FindETagAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.GetObjectMetadataAsync(options.Bucket, key, cancellationToken).ConfigureAwait(false)).ETag;
        }
        catch (AmazonServiceException exception) when (exception.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

#pragma warning disable CA5351 // What S3 itself makes of the bytes, unless they are encrypted with a key of their own.
    private static string ETagOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(MD5.HashData(file));
    }

    private static string ETagOf(List<PartETag> parts)
    {
        var digests = new byte[parts.Count * MD5.HashSizeInBytes];
        for (var part = 0; part < parts.Count; part++)
        {
            var digest = digests.AsSpan(part * MD5.HashSizeInBytes, MD5.HashSizeInBytes);
            if (Convert.FromHexString(parts[part].ETag.AsSpan().Trim('"'), digest, out _, out var written) != OperationStatus.Done || written != digest.Length)
            {
                return "";
            }
        }

        return $"{Convert.ToHexStringLower(MD5.HashData(digests))}-{parts.Count}";
    }
#pragma warning restore CA5351

    private async Task<string> PutPartsAsync(string key, string path, long partBytes, string? tag, string? replaced, CancellationToken cancellationToken)
    {
        var length = new FileInfo(path).Length;
        var begin = new InitiateMultipartUploadRequest { BucketName = options.Bucket, Key = key };
        AddTag(begin.Metadata, tag);
        var upload = (await client.InitiateMultipartUploadAsync(begin, cancellationToken).ConfigureAwait(false)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            for (var position = 0L; position < length; position += partBytes)
            {
                var part = await client.UploadPartAsync(
                    new UploadPartRequest
                    {
                        BucketName = options.Bucket,
                        Key = key,
                        UploadId = upload,
                        PartNumber = parts.Count + 1,
                        FilePath = path,
                        FilePosition = position,
                        PartSize = Math.Min(partBytes, length - position),
                        UseChunkEncoding = false,
                    },
                    cancellationToken).ConfigureAwait(false);
                parts.Add(new PartETag(parts.Count + 1, part.ETag));
            }

            if (replaced is not null)
            {
                // Not every server looks at the condition of the last request.
                var current = new GetObjectMetadataRequest { BucketName = options.Bucket, Key = key, EtagToMatch = replaced };
                await client.GetObjectMetadataAsync(current, cancellationToken).ConfigureAwait(false);
            }

            var complete = new CompleteMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload, PartETags = parts, IfMatch = replaced };
            return await UnlessAnswerWasLostAsync(
                async () => (await client.CompleteMultipartUploadAsync(complete, cancellationToken).ConfigureAwait(false)).ETag,
                key, () => ETagOf(parts), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await AbortAsync(key, upload).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Parts that were sent take room until they are given up. Nobody sees them in any case.</summary>
    private async Task AbortAsync(string key, string upload)
    {
        using var timeout = new CancellationTokenSource(AbortTimeout);
        try
        {
            await client.AbortMultipartUploadAsync(options.Bucket, key, upload, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (S3Failure.IsKnown(exception, CancellationToken.None))
        {
            // The store is away: a later writer takes them, or a rule of the bucket. The first failure is the one that is told.
        }
    }

    private static void AddTag(MetadataCollection metadata, string? tag)
    {
        if (tag is not null)
        {
            metadata[TagName] = tag;
        }
    }
}
